"""The mapping language: what in a partner's JSON is whom, what, when and how much.

An expression is a JSON value. A text that begins with `/` or `./` (or is `.`) is a pointer; any other text, number or
boolean means itself; an object `{"from": pointer, "lookup": {...}, "as": "minor_units", "default": value}` reads a
place, or the first of several that holds something, and changes what it finds; in properties
`{"for_each": pointer, "item": {...}}` makes a list of objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.events.domain.inbound.pointers import ABSENT, Pointer

Form = Literal["text", "minor_units"]
Kind = Literal["track", "identify"]

TARGETS = (
    "event",
    "user_id",
    "anonymous_id",
    "email",
    "phone",
    "message_id",
    "timestamp",
    "channel",
    "department",
    "user_agent",
)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every payload."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is found at a place. `lookup` exchanges it, `form` converts it; `default` stands for nothing found.

    Of several places the first that holds something counts, which null and a text of nothing but spaces are not.
    """

    places: tuple[Pointer, ...]
    lookup: Mapping[str, object] | None = None
    form: Form | None = None
    default: object = ABSENT


Expression = Constant | Reading


@dataclass(frozen=True, slots=True)
class Listing:
    """One object for each element of an array, such as the products of an order."""

    each: Pointer
    item: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Condition:
    """Only payloads (or elements) whose text at a place is one of these are meant; others are passed over."""

    place: Pointer
    among: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadMapping:
    """How a payload becomes calls: one, or one for each element of the array at `each`."""

    kind: Kind
    each: Pointer | None = None
    when: tuple[Condition, ...] = ()
    targets: Mapping[str, Expression] = field(default_factory=dict)
    properties: Mapping[str, Expression | Listing] = field(default_factory=dict)
    traits: Mapping[str, Expression | Listing] = field(default_factory=dict)


def read_mapping(document: Mapping[str, Any]) -> PayloadMapping:
    """The mapping in a document of the form that the API takes."""
    each = document.get("for_each")
    conditions = (Condition(Pointer(one["from"]), frozenset(one["in"])) for one in document.get("when") or ())
    return PayloadMapping(
        kind=document.get("type", "track"),
        each=None if each is None else Pointer(each),
        when=tuple(conditions),
        targets={name: read_expression(document[name]) for name in TARGETS if document.get(name) is not None},
        properties={name: _read_part(part) for name, part in (document.get("properties") or {}).items()},
        traits={name: _read_part(part) for name, part in (document.get("traits") or {}).items()},
    )


def read_expression(value: Any) -> Expression:
    """One expression."""
    if isinstance(value, str) and (value.startswith(("/", "./")) or value == "."):
        return Reading(places=(Pointer(value),))
    if not isinstance(value, Mapping):
        return Constant(value)
    places, default = value["from"], value.get("default")
    return Reading(
        places=tuple(map(Pointer, [places] if isinstance(places, str) else places)),
        lookup=value.get("lookup"),
        form=value.get("as"),
        default=ABSENT if default is None else default,
    )


def _read_part(part: Any) -> Expression | Listing:
    if isinstance(part, Mapping) and "for_each" in part:
        return Listing(Pointer(part["for_each"]), {name: read_expression(one) for name, one in part["item"].items()})
    return read_expression(part)
