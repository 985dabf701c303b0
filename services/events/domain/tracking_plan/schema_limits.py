"""Which JSON Schemas (2020-12) are taken: those that check any call in bounded time, with nothing fetched.

References lead inside the schema and never back to themselves, so a schema unfolds into a tree; the size of that tree
bounds what one call costs. A short schema can unfold into billions of parts, hence the count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from services.events.domain.json_pointers import steps_of
from services.events.domain.tracking_plan.errors import SchemaRefused

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_PARTS = 2_000
MAX_DEPTH = 48
"""Of schemas in schemas, references followed."""

_REFUSED = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"})
DATA = frozenset({"const", "enum", "default", "examples", "$comment", "$ref"})
"""Keywords whose values are no schemas."""
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_DEFINITIONS = frozenset({"$defs", "definitions"})
MAPS_OF_SCHEMAS = _MAPS | _DEFINITIONS


def check_limits(schema: Mapping[str, Any]) -> None:
    """Raise SchemaRefused for a schema that is too large once unfolded, or refers to where it must not."""
    if schema.get("$schema", DIALECT) != DIALECT:
        raise SchemaRefused(f"$schema must be {DIALECT}, or left out")
    walk = _Walk(schema)
    walk.unfold(schema, 0)
    for name in _DEFINITIONS & schema.keys():
        definitions = schema[name]
        for each in definitions.values() if isinstance(definitions, Mapping) else ():
            walk.unfold(each, 0)


def parts_of(schema: Mapping[str, Any]) -> int:
    """Of how many parts a schema is, references followed. Raises SchemaRefused."""
    return _Walk(schema).unfold(schema, 0)


class _Walk:
    """Counts the parts of a schema, references followed."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[str, int] = {}
        self._open: set[str] = set()

    def unfold(self, schema: Any, depth: int) -> int:
        """How many parts `schema` has. Raises SchemaRefused."""
        if not isinstance(schema, Mapping):
            return 1
        if depth > MAX_DEPTH:
            raise SchemaRefused(f"schemas are nested more than {MAX_DEPTH} levels deep")
        refused = sorted(_REFUSED & schema.keys())
        if refused or (depth and "$schema" in schema):
            raise SchemaRefused(f"{refused[0] if refused else '$schema'} is not taken here")
        parts = 1 + sum(self.unfold(each, depth + 1) for each in _parts(schema))
        if "$ref" in schema:
            parts += self._follow(schema["$ref"], depth + 1)
        if parts > MAX_PARTS:
            raise SchemaRefused(f"the schema has more than {MAX_PARTS} parts, references followed")
        return parts

    def _follow(self, ref: Any, depth: int) -> int:
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            raise SchemaRefused("$ref must lead inside the schema: #/$defs/…")
        if ref in self._open or ref == "#":
            raise SchemaRefused(f"{ref[:100]} refers to itself")
        if ref not in self._known:
            self._open.add(ref)
            self._known[ref] = self.unfold(self._target(ref), depth)
            self._open.remove(ref)
        return self._known[ref]

    def _target(self, ref: str) -> Any:
        place: Any = self._root
        for key in steps_of(unquote(ref[1:])):
            if isinstance(place, list) and key.isdecimal() and len(key) < 6 and int(key) < len(place):
                place = place[int(key)]
            elif isinstance(place, Mapping) and key in place:
                place = place[key]
            else:
                raise SchemaRefused(f"{ref[:100]} leads nowhere")
        return place


def _parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    for keyword, value in schema.items():
        if keyword in DATA or keyword in _DEFINITIONS:
            continue
        if keyword in _MAPS:
            yield from value.values() if isinstance(value, Mapping) else ()
        elif isinstance(value, Mapping):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, Mapping))
