"""Columns of a sheet read as the mapping says: each distinct cell once, however often it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.events.domain.imports.cells import Cell, cell_text, moment_reader, value_reader
from services.events.domain.imports.errors import CellRefused
from services.events.domain.imports.mapping import Column, EachRow, Expression
from services.events.domain.imports.numbers import in_major_units
from services.events.domain.imports.rows import Sheet
from services.events.domain.inbound.mapping import Constant
from services.events.domain.inbound.pointers import ABSENT
from services.events.domain.money import read_currency
from services.events.domain.subjects import holds_something

_REMEMBERED = 65_536


class Refused:
    """In the place of a value: why there is none."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Readings(dict[Any, object]):
    """What cells mean, by cell: worked out once and remembered within bounds."""

    def __init__(self, read: Callable[[Any], object]) -> None:
        super().__init__()
        self._read = read
        self.has_refused = False

    def __missing__(self, cell: Any) -> object:
        try:
            value = self._read(cell)
        except CellRefused as error:
            value = Refused(str(error))
            self.has_refused = True
        if len(self) >= _REMEMBERED:
            self.clear()  # what comes again does so soon: the rows of a receipt stand together
        self[cell] = value
        return value


class Columns:
    """The columns of one sheet, and what was refused in them: reasons by place of the row in the sheet."""

    def __init__(self, places: Mapping[str, int], sheet: Sheet) -> None:
        self.size = len(sheet.rows)
        self.refused: dict[int, list[tuple[str | None, str]]] = {}
        self._places = places
        self._cells: Sequence[Sequence[Cell]] = list(zip(*sheet.rows, strict=True)) if sheet.rows else []

    def cells(self, name: str) -> Sequence[Cell]:
        """One column as it stands."""
        return self._cells[self._places[name]] if self._cells else ()

    def values(self, name: str, readings: Readings, cells: Iterable[Any], at: Sequence[int]) -> list[object]:
        """What cells mean, those at the rows `at`; what is refused is noted there and ABSENT here."""
        found = list(map(readings.__getitem__, cells))
        if readings.has_refused:
            for place, value in enumerate(found):
                if type(value) is Refused:
                    self.refuse(at[place], name, value.reason)
                    found[place] = ABSENT
        return found

    def refuse(self, place: int, column: str | None, reason: str) -> None:
        """Note what is wrong with the row at a place."""
        self.refused.setdefault(place, []).append((column, reason))


class PartReader:
    """Reads one expression for many rows: as a moment, as a text that names something, or as the mapping says."""

    def __init__(
        self, expression: Expression, *, moment_until: datetime | None = None, names_something: bool = False
    ) -> None:
        self._expression = expression
        if isinstance(expression, Constant):
            self._constant = _text_or_absent(expression.value) if names_something else expression.value
        else:
            read: Callable[[Any], object] = value_reader(expression)
            if moment_until is not None:
                read = moment_reader(expression, now=moment_until)
            elif expression.form == "minor_units":
                read = _minor(read)
            self._readings = Readings(_naming(read) if names_something else read)

    def read(self, columns: Columns, at: Sequence[int], currencies: Sequence[str | None]) -> Sequence[object]:
        """Its values for the rows `at`."""
        expression = self._expression
        if isinstance(expression, Constant):
            return [self._constant] * len(at)
        cells: Iterable[Any] = columns.cells(expression.name)
        if len(at) != columns.size:
            whole = columns.cells(expression.name)
            cells = [whole[place] for place in at]
        if expression.form == "minor_units":
            cells = zip(cells, currencies, strict=True)
        return columns.values(expression.name, self._readings, cells, at)


class ObjectReader:
    """Reads properties, traits or the items of a list: a dict for each row, without what is absent."""

    def __init__(self, parts: Mapping[str, Expression | EachRow]) -> None:
        self.names = tuple(parts)
        self._parts = [ObjectReader(p.item) if isinstance(p, EachRow) else PartReader(p) for p in parts.values()]

    def read(
        self, columns: Columns, spans: Sequence[tuple[int, int]], at: Sequence[int], currencies: Sequence[str | None]
    ) -> list[dict[str, object]]:
        """One dict for each row of `at`; lists gather the rows of the span that begins there."""
        found: list[Sequence[object]] = [
            part.read(columns, at, currencies)
            if isinstance(part, PartReader)
            else _lists(part, columns, spans, currencies)
            for part in self._parts
        ]
        if not found:
            return [{} for _ in at]
        names = self.names
        return [
            {name: value for name, value in zip(names, values, strict=True) if value is not ABSENT}
            for values in zip(*found, strict=True)
        ]


def currencies_of(part: Expression | EachRow | None, columns: Columns, at: Sequence[int]) -> list[str | None]:
    """The currency that each row names."""
    match part:
        case Constant():
            return [read_currency(part.value)] * len(at)
        case Column():
            read = PartReader(part)
            return [read_currency(value) for value in read.read(columns, at, ())]
    return [None] * len(at)


def _naming(read: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda cell: _text_or_absent(read(cell))


def _text_or_absent(value: object) -> object:
    """A value as a text that may name somebody or something; ABSENT if it holds nothing but spaces and controls."""
    text = cell_text(value) if isinstance(value, str | int | float) else ""
    return text if holds_something(text) else ABSENT


def _lists(
    part: ObjectReader, columns: Columns, spans: Sequence[tuple[int, int]], currencies: Sequence[str | None]
) -> list[object]:
    rows = range(columns.size)
    each = [currency for (start, end), currency in zip(spans, currencies, strict=True) for _ in range(start, end)]
    items = part.read(columns, [(row, row + 1) for row in rows], rows, each)
    return [items[start:end] for start, end in spans]


def _minor(read: Callable[[Cell], object]) -> Callable[[tuple[Cell, str | None]], object]:
    def in_currency(pair: tuple[Cell, str | None]) -> object:
        value = read(pair[0])
        return ABSENT if value is ABSENT else in_major_units(value, pair[1])

    return in_currency
