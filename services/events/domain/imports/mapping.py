"""The mapping language of files: the one of inbound webhooks, with a row as the payload and its columns as places.

A text that begins with `/` is a column (`/Sold at`; `~1` stands for `/` in its name, `~0` for `~`); any other text,
number or boolean means itself; an object `{"from": column, "lookup": {...}, "as": form, "default": value}` reads a
column and changes what it finds. With `group_by`, rows that agree in those columns are one call: what is read is read
of the first of them, and `{"for_each": ".", "item": {...}}` makes a list with an object for each row, whose columns
begin with `./`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.events.domain.inbound.mapping import Constant, Kind

Form = Literal["text", "number", "integer", "boolean", "major_units", "minor_units"]
DecimalMark = Literal[".", ","]

TARGETS = ("event", "user_id", "anonymous_id", "email", "phone", "channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column holds. `lookup` exchanges it, `form` converts it; `default` stands for an empty cell.

    `decimal` is what stands before the decimals of numbers; `format` (of strptime) and `zone` (IANA) are of times.
    """

    name: str
    lookup: Mapping[str, object] | None = None
    form: Form | None = None
    default: object = None
    decimal: DecimalMark | None = None
    format: str | None = None
    zone: str | None = None


Expression = Constant | Column


@dataclass(frozen=True, slots=True)
class EachRow:
    """One object for each row of a group, such as the products of an order."""

    item: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Only:
    """Only rows whose text in a column is one of these are meant; others are passed over."""

    column: str
    among: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMapping:
    """How rows become calls: one each, or one for all that agree in `group_by`.

    `message_key` are the columns that tell one call from another: those named, else those of `group_by`; without
    either the whole row does, and how many like it stood before it in the file.
    """

    kind: Kind
    when: tuple[Only, ...] = ()
    required: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    message_id: Expression | None = None
    message_key: tuple[str, ...] = ()
    timestamp: Expression | None = None
    targets: Mapping[str, Expression] = field(default_factory=dict)
    properties: Mapping[str, Expression | EachRow] = field(default_factory=dict)
    traits: Mapping[str, Expression | EachRow] = field(default_factory=dict)
    default_currency: str | None = None

    def columns(self) -> frozenset[str]:
        """Every column that a file must have."""
        return frozenset((*self.required, *self.group_by, *self.message_key, *_columns_read(self)))


def read_file_mapping(document: Mapping[str, Any], *, default_currency: str | None = None) -> FileMapping:
    """The mapping in a document of the form that the API takes."""
    stated_id = document.get("message_id")
    group_by = tuple(map(column_name, document.get("group_by") or ()))
    keys = tuple(map(column_name, stated_id)) if isinstance(stated_id, list) else ()
    return FileMapping(
        kind=document.get("type", "track"),
        when=tuple(Only(column_name(one["from"]), frozenset(one["in"])) for one in document.get("when") or ()),
        required=tuple(map(column_name, document.get("required") or ())),
        group_by=group_by,
        message_id=None if stated_id is None or keys else read_expression(stated_id),
        message_key=keys or (group_by if stated_id is None else ()),
        timestamp=None if document.get("timestamp") is None else read_expression(document["timestamp"]),
        targets={name: read_expression(document[name]) for name in TARGETS if document.get(name) is not None},
        properties={name: _read_part(part) for name, part in (document.get("properties") or {}).items()},
        traits={name: _read_part(part) for name, part in (document.get("traits") or {}).items()},
        default_currency=default_currency,
    )


def column_name(place: str) -> str:
    """The column that `/name` or `./name` means."""
    return place.removeprefix(".")[1:].replace("~1", "/").replace("~0", "~")


def read_expression(value: Any) -> Expression:
    """One expression."""
    if isinstance(value, str) and value.startswith(("/", "./")):
        return Column(name=column_name(value))
    if not isinstance(value, Mapping):
        return Constant(value)
    return Column(
        name=column_name(value["from"]),
        lookup=value.get("lookup"),
        form=value.get("as"),
        default=value.get("default"),
        decimal=value.get("decimal"),
        format=value.get("format"),
        zone=value.get("zone"),
    )


def _read_part(part: Any) -> Expression | EachRow:
    if isinstance(part, Mapping) and "for_each" in part:
        return EachRow({name: read_expression(one) for name, one in part["item"].items()})
    return read_expression(part)


def _columns_read(mapping: FileMapping) -> Iterator[str]:
    yield from (condition.column for condition in mapping.when)
    for part in (mapping.message_id, mapping.timestamp, *mapping.targets.values(), *mapping.properties.values(),
                 *mapping.traits.values()):  # fmt: skip
        match part:
            case Column():
                yield part.name
            case EachRow():
                yield from (one.name for one in part.item.values() if isinstance(one, Column))
