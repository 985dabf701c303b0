"""What one cell is: texts, numbers, amounts, truth values and times, as files of tills and offices write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.events.domain.imports.errors import CellRefused
from services.events.domain.imports.mapping import Column
from services.events.domain.imports.numbers import OF_NUMBERS, in_text, integer, number, shown, with_point
from services.events.domain.inbound.pointers import ABSENT
from services.events.domain.timing import parse_time

Cell = str | int | float | bool | None
"""A cell of a CSV file is a text; of a Parquet file it may be a number or a truth value too."""

_TRUE = frozenset({"true", "t", "yes", "y", "1", "是"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "否"})
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)
_DAY_AND_TIME = re.compile(_DAY.pattern + r"([01]\d|2[0-3])[0-5]\d([0-5]\d)?", re.ASCII)
_SMALLEST_EPOCH = 100_000_000
"""Seconds up to 1973: smaller numbers are more likely days of a spreadsheet (45321 is 2024-01-30), or a year."""
_EXACT = 2**53
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_TOLERANCE = timedelta(minutes=5)


def cell_text(cell: Cell) -> str:
    """A cell as text, without spaces around it; empty for an empty one."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    return "" if cell is None else str(cell)


def value_reader(column: Column) -> Callable[[Cell], object]:
    """What a cell of the column means: ABSENT if nothing. Raises CellRefused. Amounts in minor units are read apart."""
    convert = _FORMS.get(column.form or "")
    has_commas = column.decimal == "," and column.form in OF_NUMBERS and column.lookup is None

    def read(cell: Cell) -> object:
        found: object = cell.strip() if isinstance(cell, str) else cell
        if column.lookup is not None and found not in (None, ""):
            found = column.lookup.get(cell_text(cell))
        if found in (None, ""):
            return ABSENT if column.default is None else column.default
        if has_commas and isinstance(found, str):
            found = with_point(found)
        return found if convert is None else convert(found)

    return read


def moment_reader(column: Column, *, now: datetime) -> Callable[[Cell], object]:
    """When a cell of the column says that something happened, as ISO 8601 in UTC. Raises CellRefused."""
    zone = ZoneInfo(column.zone) if column.zone else UTC
    text_of = value_reader(column)

    def read(cell: Cell) -> object:
        found = text_of(cell)
        if found is ABSENT:
            return ABSENT
        happened = _moment(cell_text(found) if isinstance(found, str | int | float) else "", column.format, zone)
        if happened < _EARLIEST or happened > now + _TOLERANCE:
            raise CellRefused(f"{shown(cell)} is {happened.isoformat()}: before 1900, or yet to come")
        return happened.isoformat()

    return read


def _moment(text: str, form: str | None, zone: ZoneInfo | object) -> datetime:
    try:
        if form is not None:
            parsed = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
        elif _NUMBER.fullmatch(text) and not _DAY.fullmatch(text):
            return _epoch(text)
        else:
            parsed = datetime.fromisoformat(text)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)  # type: ignore[arg-type]
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wanted = f"of the form {form}" if form else "as ISO 8601 or seconds since 1970 write it"
        raise CellRefused(f"{shown(text)} is no time {wanted}") from error


def _epoch(text: str) -> datetime:
    if _DAY_AND_TIME.fullmatch(text):
        raise CellRefused(f"{shown(text)} may be a date without separators: say which by a format")
    if abs(float(text)) < _SMALLEST_EPOCH:
        told = "may be a spreadsheet's number of a day; write dates as ISO 8601, or say the format"
        raise CellRefused(f"{shown(text)} {told}")
    found = parse_time(float(text))
    if found is None:
        raise ValueError(text)
    return found


def _boolean(value: object) -> bool:
    text = cell_text(value).casefold() if isinstance(value, str | int | float) else ""
    if text not in _TRUE and text not in _FALSE:
        raise CellRefused(f"{shown(value)} is neither true nor false; write true or false, yes or no, 1 or 0")
    return text in _TRUE


def _text(value: object) -> str:
    return cell_text(value) if isinstance(value, str | int | float) else str(value)


_FORMS: dict[str, Callable[[object], object]] = {
    "text": _text,
    "number": number,
    "integer": integer,
    "boolean": _boolean,
    "major_units": in_text,
}
