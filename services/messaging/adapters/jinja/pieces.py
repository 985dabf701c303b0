"""Templates without branches and loops, taken apart once: what is fixed, and how to look up each gap.

Most parts of most templates are of this kind, and filling them in so is several times quicker. The values, filters and
escaping are the sandbox's own; what does not fit here, or goes wrong here, is left to the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from services.messaging.adapters.jinja.filters import FILTERS, Missing, printable
from services.messaging.adapters.jinja.sandbox import Sandbox

Data = Mapping[str, Any]
_Look = Callable[[Data], Any]


class Pieces:
    """The fixed pieces of a template, and between them the gaps."""

    def __init__(self, pieces: Sequence[str | _Look], *, html: bool) -> None:
        self._pieces = pieces
        self._text_of: Callable[[Any], str] = escape if html else str

    def fill(self, data: Data) -> str:
        """The text. Raises what a look-up or a filter raises."""
        text_of = self._text_of
        return "".join([piece if isinstance(piece, str) else text_of(printable(piece(data))) for piece in self._pieces])


def pieces_of(sandbox: Sandbox, tree: nodes.Template, *, html: bool) -> Pieces | None:
    """The pieces of a checked template; None where it takes more than looking up and filtering."""
    pieces: list[str | _Look] = []
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            return None
        for printed in node.nodes:
            piece = printed.data if isinstance(printed, nodes.TemplateData) else _look(sandbox, printed)
            if piece is None:
                return None
            pieces.append(piece)
    return Pieces(pieces, html=html)


def _look(sandbox: Sandbox, node: nodes.Expr) -> _Look | None:
    match node:
        case nodes.Name(name=name):
            return lambda data: data[name] if name in data else Missing(name=name)
        case nodes.Getattr(node=above, attr=key):
            return _look_inside(_look(sandbox, above), sandbox, key)
        case nodes.Getitem(node=above, arg=nodes.Const(value=key)):
            return _look_inside(_look(sandbox, above), sandbox, key)
        case nodes.Filter(node=nodes.Expr() as inner, name=name, args=args):
            fixed = [arg.value for arg in args if isinstance(arg, nodes.Const)]
            return _look_filtered(_look(sandbox, inner), name, fixed) if len(fixed) == len(args) else None
    return None


def _look_inside(above: _Look | None, sandbox: Sandbox, key: Any) -> _Look | None:
    return None if above is None else lambda data: sandbox.getitem(above(data), key)


def _look_filtered(inner: _Look | None, name: str, args: list[Any]) -> _Look | None:
    use = FILTERS[name]
    return None if inner is None else lambda data: use(inner(data), *args)
