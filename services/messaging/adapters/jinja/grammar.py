"""What a template may say."""

from __future__ import annotations

from typing import Final

from jinja2 import nodes

STATEMENTS: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For)
EXPRESSIONS: Final = (
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
)
ALLOWED_NODES: Final[tuple[type[nodes.Node], ...]] = (*STATEMENTS, *EXPRESSIONS)

ALWAYS_THERE: Final = frozenset(
    {"salutation", "first_name", "last_name", "full_name", "sender", "unsubscribe_url"},
)
"""Variables that print something for every customer; a name that is not known prints a neutral word."""

LAST_PURCHASE: Final = frozenset({"date", "amount", "products", "order_id"})
VARIABLES: Final = ALWAYS_THERE | {"last_purchase", "traits"}

TESTS: Final = frozenset({"defined", "undefined"})
LOOP_FIELDS: Final = frozenset({"first", "last", "index", "index0", "length"})

MAX_NODES: Final = 4_000
MAX_DEPTH: Final = 30
MAX_LOOP_DEPTH: Final = 2
MAX_LIST: Final = 50
"""Items of a list that a template sees; further ones are cut off."""
MAX_TEXT: Final = 1_000
"""Characters of one value that a template sees, and the most that a filter takes twice over."""
LEAST_TOO_LARGE: Final = 2**63
"""Numbers are smaller than this."""
MAX_COST: Final = 100_000
"""Nodes evaluated in the worst case, each loop taken MAX_LIST times."""
MAX_OUTPUT: Final = 1_000_000
"""Characters of one rendered part."""

REFUSALS: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "calls are not allowed",
    nodes.Assign: "set is not allowed",
    nodes.AssignBlock: "set is not allowed",
    nodes.Macro: "macros are not allowed",
    nodes.Include: "include is not allowed",
    nodes.Import: "import is not allowed",
    nodes.FromImport: "import is not allowed",
    nodes.Extends: "extends is not allowed",
    nodes.Slice: "slices are not allowed",
    nodes.BinExpr: "arithmetic is not allowed; join texts with ~",
    nodes.UnaryExpr: "arithmetic is not allowed",
}
