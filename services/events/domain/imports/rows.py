"""Rows of a file, many at a time, and what is wrong with some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.events.domain.imports.cells import Cell, cell_text
from services.events.domain.imports.mapping import FileMapping

Row = Sequence[Cell]

SEPARATOR = "\x1f"
"""Stands between the cells of one key."""


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


def group_keys(mapping: FileMapping, header: Sequence[str], sheet: Sheet) -> list[str]:
    """What the rows of one group agree in, for each row."""
    places = [header.index(name) for name in mapping.group_by]
    return [SEPARATOR.join([cell_text(row[place]) for place in places]) for row in sheet.rows]
