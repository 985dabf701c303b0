"""Rows of a file, many at a time, and what is wrong with some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.events.domain.imports.cells import Cell, cell_text
from services.events.domain.imports.mapping import FileMapping

Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class RowFlaw:
    """Why a row is refused. `row` counts as a spreadsheet does, the header being row 1; `column` where it is one's."""

    row: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is refused, as it stood in the file."""

    number: int
    cells: Row
    flaws: tuple[RowFlaw, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Whole rows with their numbers. `spans` are the rows of each group, from and to; None where each is its own."""

    numbers: Sequence[int]
    rows: Sequence[Row]
    spans: Sequence[tuple[int, int]] | None = None


class Choosing:
    """Passes over the rows that a mapping's conditions do not mean."""

    def __init__(self, mapping: FileMapping, header: Sequence[str]) -> None:
        self._conditions = [(header.index(one.column), one.among) for one in mapping.when]

    def choose(self, sheet: Sheet) -> Sheet:
        """The rows that are meant."""
        if not self._conditions:
            return sheet
        meant = [
            (number, row)
            for number, row in zip(sheet.numbers, sheet.rows, strict=True)
            if all(cell_text(row[place]) in among for place, among in self._conditions)
        ]
        return Sheet([number for number, _ in meant], [row for _, row in meant])
