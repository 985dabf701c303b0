"""Schemas whose bounds leave nothing between them: slips of the pen, by which every call that has the field is wrong.

Only two bounds that stand in the same schema are looked at; nothing is deduced from bounds further apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from services.events.domain.tracking_plan.errors import SchemaRefused
from services.events.domain.tracking_plan.plans import pointer_of
from services.events.domain.tracking_plan.schema_limits import DATA, MAPS_OF_SCHEMAS

_RANGES = (
    (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")),
    *(((f"min{what}",), (f"max{what}",)) for what in ("Length", "Items", "Properties", "Contains")),
)


def refuse_empty_ranges(schema: Mapping[str, Any]) -> None:
    """Raise SchemaRefused, which names the place, for a schema of bounds that nothing is within."""
    for path, each in _schemas(schema, ()):
        for lower, upper in (pair for lowers, uppers in _RANGES for pair in product(lowers, uppers)):
            if _leave_nothing(each, lower, upper):
                told = f"{lower} {each[lower]} and {upper} {each[upper]} leave nothing between them"
                raise SchemaRefused(f"{told}; exchange the two, or leave one out", pointer_of([*path, upper]))


def _leave_nothing(schema: Mapping[str, Any], lower: str, upper: str) -> bool:
    least, most = schema.get(lower), schema.get(upper)
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return False
    return least > most or (least == most and "exclusive" in lower + upper)


def _schemas(schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """A schema and all within it, each with its path; those that are referred to stand somewhere within."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for keyword, value in schema.items():
        if keyword in MAPS_OF_SCHEMAS and isinstance(value, Mapping):
            for name, each in value.items():
                yield from _schemas(each, (*path, keyword, name))
        elif isinstance(value, list) and keyword not in DATA:
            for place, each in enumerate(value):
                yield from _schemas(each, (*path, keyword, str(place)))
        elif keyword not in DATA:
            yield from _schemas(value, (*path, keyword))
