"""Finds where a template would print something that a customer may lack.

A trait or a part of the last purchase is printed only under `{% if … %}` that asks for it, or with `| default("…")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

Path = tuple[str, ...]
_NONE: frozenset[Path] = frozenset()
_WHOLES: frozenset[Path] = frozenset({("last_purchase",), ("traits",)})
"""What has fields, and cannot be printed itself."""

_NEVER_MISSING = frozenset({"default", "d", "length", "count"})
"""Filters behind which nothing is missing: those before them pass on what is."""


class _Known(NamedTuple):
    """Paths that are there when a test holds, and when it does not."""

    if_true: frozenset[Path]
    if_false: frozenset[Path]


def unguarded(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """(line, reason) for each printed path that nothing makes sure of."""
    yield from _statements(tree.body, _NONE)


def _statements(body: list[nodes.Node], known: frozenset[Path]) -> Iterator[tuple[int, str]]:
    for node in body:
        if isinstance(node, nodes.Output):
            for printed in node.nodes:
                yield from _printed(printed, known)
        elif isinstance(node, nodes.If):
            yield from _branches(node, known)
        elif isinstance(node, nodes.For):
            inside = known | {(node.target.name,)} if isinstance(node.target, nodes.Name) else known
            yield from _statements(node.body, inside)
            yield from _statements(node.else_, known)


def _branches(node: nodes.If, known: frozenset[Path]) -> Iterator[tuple[int, str]]:
    for branch in (node, *node.elif_):
        learned = _learned(branch.test)
        yield from _statements(branch.body, known | learned.if_true)
        known |= learned.if_false
    yield from _statements(node.else_, known)


def _printed(node: nodes.Expr, known: frozenset[Path]) -> Iterator[tuple[int, str]]:
    path = _path(node)
    if path is not None and path in _WHOLES:
        yield node.lineno, _no_text(path)
    elif path is not None:
        if not _is_sure(path, known):
            name = ".".join(path)
            reason = f'{name} may be missing: write {{{{ {name} | default("…") }}}} or ask {{% if {name} %}} first'
            yield node.lineno, reason
    elif isinstance(node, nodes.CondExpr):
        learned = _learned(node.test)
        yield from _printed(node.expr1, known | learned.if_true)
        if node.expr2 is None:
            yield node.lineno, "an if inside {{ }} needs its else"
        else:
            yield from _printed(node.expr2, known | learned.if_false)
    elif isinstance(node, nodes.Filter) and node.name in _NEVER_MISSING:
        yield from _filtered(node, known)
    else:
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                yield from _printed(child, known)


def _filtered(node: nodes.Filter, known: frozenset[Path]) -> Iterator[tuple[int, str]]:
    """The same of what a filter makes sure of: only what stands before all filters may be missing."""
    value: nodes.Expr | None = node
    while isinstance(value, nodes.Filter):
        for argument in value.args:
            yield from _printed(argument, known)
        value = value.node
    path = None if value is None else _path(value)
    if path is not None and path in _WHOLES and node.name in ("default", "d"):
        yield node.lineno, _no_text(path)
    elif value is not None and path is None:
        yield from _printed(value, known)


def _no_text(path: Path) -> str:
    return f"{path[0]} is no text: name one of its fields"


def _is_sure(path: Path, known: frozenset[Path]) -> bool:
    is_customers = path[0] in ("traits", "last_purchase") or (path[0],) in known
    if path in known or not is_customers:
        return True
    # Whatever part of a purchase is there, its date is.
    return path == ("last_purchase", "date") and any(other[0] == "last_purchase" for other in known)


def _learned(test: nodes.Node) -> _Known:
    path = _path(test)
    if path is not None:
        return _Known(frozenset({path}), _NONE)
    match test:
        case nodes.Not():
            inner = _learned(test.node)
            return _Known(inner.if_false, inner.if_true)
        case nodes.And():
            left, right = _learned(test.left), _learned(test.right)
            return _Known(left.if_true | right.if_true, left.if_false & right.if_false)
        case nodes.Or():
            left, right = _learned(test.left), _learned(test.right)
            return _Known(left.if_true & right.if_true, left.if_false | right.if_false)
        case nodes.Test(name="defined"):
            return _learned(test.node)
        case nodes.Test(name="undefined"):
            inner = _learned(test.node)
            return _Known(inner.if_false, inner.if_true)
        case nodes.Compare(ops=[nodes.Operand(op="eq", expr=nodes.Const())]):
            return _Known(_learned(test.expr).if_true, _NONE)
        case nodes.Filter(name="length" | "count" | "trim") if test.node is not None:
            return _learned(test.node)
    return _Known(_NONE, _NONE)


def _path(node: nodes.Node) -> Path | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr) and (above := _path(node.node)):
        return (*above, node.attr)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and (above := _path(node.node)):
        return (*above, str(node.arg.value))
    return None
