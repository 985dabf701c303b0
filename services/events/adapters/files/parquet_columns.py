"""Columns of Parquet files: which can be read, and what their cells are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.events.adapters.files.suspicions import SuspiciousCells
from services.events.domain.imports.cells import Cell
from services.events.domain.imports.errors import UnusableFile

NOT_UTF_8 = "bytes that are not UTF-8, as which texts and bytes are read"
_TAKEN = (
    "taken are texts, numbers, decimals, booleans, dates and times, and where the mapping reads them"
    " UUIDs, JSON, and bytes that are texts in UTF-8"
)
_DAY_US = 24 * 3600 * 1_000_000
_TOLD_COLUMNS = 5
_TOLD_TYPE = 100

_of = pa.types
_READ: tuple[Callable[[Any], bool], ...] = (
    _of.is_string, _of.is_large_string, _of.is_string_view, _of.is_integer, _of.is_floating, _of.is_boolean,
    _of.is_decimal, _of.is_date, _of.is_timestamp, _of.is_time, _of.is_null,
)  # fmt: skip
_BYTES: tuple[Callable[[Any], bool], ...] = (_of.is_binary, _of.is_large_binary, _of.is_binary_view)


def _is_uuid(kind: Any) -> bool:
    return isinstance(kind, pa.UuidType)


def _is_json(kind: Any) -> bool:
    return isinstance(kind, pa.JsonType)


_IF_USED = (*_BYTES, _is_uuid, _is_json)


def readable(schema: Any, used: Collection[str] | None) -> list[str]:
    """The columns that are read, as the file spells them; others are passed over, as those without a name of their own.

    Bytes may be pictures as well as the texts of older writers, so that they are read only if `used`, by a mapping
    that knows; None if there is no mapping yet. So are UUIDs and JSON: rows that are told apart by all of their cells
    stay what they were before these could be read. Raises UnusableFile for a used column that cannot be read.
    """
    names = [field.name.strip() for field in schema]
    fields = {name: field for name, field in zip(names, schema, strict=True) if name and names.count(name) == 1}
    unreadable = [name for name, field in fields.items() if not _is(field, _READ + _IF_USED)]
    if wrong := [name for name in unreadable if used is not None and name in used]:
        told = _told([fields[name] for name in wrong])
        raise UnusableFile(f"{told}; {_TAKEN}. Flatten what is nested, or leave it out of the mapping")
    kept = [field.name for name, field in fields.items() if _is(field, _READ) or _is_used(field, name, used)]
    if not kept:
        raise UnusableFile(f"no column can be read: {_told(list(schema))}; {_TAKEN}")
    return kept


def texts_among(schema: Any, names: Collection[str]) -> list[str]:
    """Those of the columns whose cells may be long, and the same many times."""
    kinds = (_of.is_string, _of.is_large_string, _of.is_string_view, *_BYTES)
    return [name for name in names if any(is_one(schema.field(name).type) for is_one in kinds)]


def cells_of(column: Any, suspicions: SuspiciousCells) -> list[Cell]:
    """The cells of a column; what is neither a number nor a time of any day is empty."""
    if _of.is_dictionary(column.type):
        return _placed(cells_of(column.dictionary, suspicions), column.indices)
    kind = column.type
    if _of.is_time(kind):
        return _times(column)
    if _is_uuid(kind):
        return [None if one is None else str(one) for one in column.to_pylist()]
    if _is_json(kind):
        return cells_of(column.storage, suspicions)
    if _of.is_timestamp(kind):
        exact = pa.timestamp("us", "UTC" if kind.tz else None)
        column = pc.cast(column, exact, safe=False).cast(pa.string())
    elif _of.is_date(kind) or _of.is_decimal(kind):
        column = column.cast(pa.string())
    elif _of.is_floating(kind):
        column = column.cast(pa.float64())
        column = pc.if_else(pc.is_finite(column), column, None)
    elif _of.is_string_view(kind):
        column = column.cast(pa.large_string())
    if any(is_one(column.type) for is_one in (_of.is_string, _of.is_large_string, *_BYTES)):
        return _texts(column, suspicions)
    found: list[Cell] = column.to_pylist()
    return found


def _placed(values: Sequence[Cell], places: Any) -> list[Cell]:
    """Each value where it is, made once however often it comes. Raises ValueError where there is none."""
    bounds = pc.min_max(places).as_py()
    if bounds["min"] is not None and not 0 <= bounds["min"] <= bounds["max"] < len(values):
        raise ValueError("a dictionary lacks a value that is said to be in it")
    return [None if place is None else values[place] for place in places.to_pylist()]


def _is(field: Any, kinds: Collection[Callable[[Any], bool]]) -> bool:
    kind = field.type.value_type if _of.is_dictionary(field.type) else field.type
    return any(is_one(kind) for is_one in kinds)


def _is_used(field: Any, name: str, used: Collection[str] | None) -> bool:
    return (used is None or name in used) and _is(field, _IF_USED)


def _told(fields: list[Any]) -> str:
    told = [f"column {field.name.strip()!r} is of type {_shortly(str(field.type))}" for field in fields]
    return ", ".join(told[:_TOLD_COLUMNS])


def _shortly(text: str) -> str:
    return text if len(text) <= _TOLD_TYPE else f"{text[:_TOLD_TYPE]}…"


def _times(column: Any) -> list[Cell]:
    column = pc.cast(column, pa.time64("us"), safe=False)
    ticks = column.cast(pa.int64())
    column = pc.if_else(pc.and_(pc.greater_equal(ticks, 0), pc.less(ticks, _DAY_US)), column, None)
    return [None if at is None else at.isoformat() for at in column.to_pylist()]


def _texts(column: Any, suspicions: SuspiciousCells) -> list[Cell]:
    try:
        found: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        found = column.cast(pa.large_binary() if _of.is_large_string(column.type) else pa.binary()).to_pylist()
    texts = [one.decode("utf-8", "surrogateescape") if isinstance(one, bytes) else one for one in found]
    suspicions.look_at("\n".join([text for text in texts if text]))
    return texts
