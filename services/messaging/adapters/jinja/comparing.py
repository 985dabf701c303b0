"""Comparisons and joined texts that no customer's data can make fail: Python's own raise, or print what is no text."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from services.messaging.adapters.jinja.filters import printable

COMPARED = "compared by"
PRINTED = "as printed"
"""Filters that take the place of comparisons and of what `~` joins; no source can spell them."""

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compared(value: Any, operation: str, other: Any) -> bool:
    """Whether the comparison holds. What is missing, or of another kind, is neither more nor less nor inside."""
    match operation:
        case "eq":
            return bool(value == other)
        case "ne":
            return bool(value != other)
        case "in":
            return _is_in(value, other)
        case "notin":
            return not _is_in(value, other)
    both = (value, other)
    comparable = all(map(_is_number, both)) or all(isinstance(each, str) for each in both)
    return comparable and _ORDERS[operation](value, other)


def printed(value: Any) -> str:
    """A value as it is printed by itself. Raises UndefinedError, TemplateRuntimeError where that does."""
    return value if isinstance(value, str) else str(printable(value))


class SafeOperators(NodeTransformer):
    """Puts the filters in place of the operators of a template's tree."""

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802 - jinja2's name
        """`a < b < c` is `a < b and b < c`; nothing that templates can say has effects."""
        self.generic_visit(node)
        left, tests = node.expr, []
        for operand in node.ops:
            tests.append(_filter(left, COMPARED, nodes.Const(operand.op), operand.expr))
            left = operand.expr
        whole: nodes.Expr = tests[0]
        for test in tests[1:]:
            whole = nodes.And(whole, test, lineno=node.lineno)
        return whole

    def visit_Concat(self, node: nodes.Concat) -> nodes.Concat:  # noqa: N802 - jinja2's name
        """Each joined value as it would be printed."""
        self.generic_visit(node)
        node.nodes = [_filter(each, PRINTED) for each in node.nodes]
        return node


def _filter(value: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)


def _is_in(value: Any, whole: Any) -> bool:
    if isinstance(whole, str | Mapping):
        return isinstance(value, str) and value in whole
    return isinstance(whole, list | tuple) and value in whole


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
