"""The Jinja2 environments that templates are compiled and run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Template, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.messaging.adapters.jinja.comparing import COMPARED, PRINTED, SafeOperators, compared, printed
from services.messaging.adapters.jinja.filters import FILTERS, Missing, items_of, printable
from services.messaging.adapters.jinja.grammar import LOOP_FIELDS, TESTS

ITEMS_OF = "items of"
"""Put around what a loop goes over; no source can spell it."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's own sandbox, with look-ups that see keys of mappings and items of lists and no Python attribute."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html, undefined=Missing, finalize=printable, cache_size=0, keep_trailing_newline=True
        )
        self.globals = {}
        self.filters = {**FILTERS, ITEMS_OF: items_of, COMPARED: compared, PRINTED: printed}
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`, which is a key and nothing else."""
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]` for a mapping's key or a list's index; anything else is missing."""
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        above = f"{obj._undefined_name}." if isinstance(obj, Undefined) else ""
        return Missing(name=f"{above}{argument}")

    def call(self, *_args: Any, **_kwargs: Any) -> Any:
        """Nothing is called. The grammar has no calls; this holds even if one came through."""
        raise TypeError("templates call nothing")

    def is_safe_attribute(self, _obj: Any, _attr: str, _value: Any) -> bool:
        """No attribute is."""
        return False


def compile_checked(sandbox: Sandbox, source: str) -> Template:
    """A template from a source that `checking` found no flaw in; its loops take lists only, and only so far, and its
    operators take everything."""
    tree = SafeOperators().visit(sandbox.parse(source))
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, ITEMS_OF, [], [], None, None, lineno=loop.lineno)
    code = sandbox.compile(tree)
    return Template.from_code(sandbox, code, sandbox.globals)
