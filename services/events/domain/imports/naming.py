"""Whom a row of a file names: what an erasure is told by, without making calls of rows that were refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from services.events.domain.imports.cells import Cell, cell_text
from services.events.domain.imports.mapping import Column, FileMapping
from services.events.domain.imports.rows import Row
from services.events.domain.subjects import address_of, id_behind

_KINDS: Final = ("user_id", "anonymous_id", "email", "phone")


class NamesInRows:
    """The subjects that rows of one file are about, by the columns that its mapping takes names from."""

    def __init__(self, mapping: FileMapping, header: Sequence[str]) -> None:
        self._width = len(header)
        self._places = [
            (kind, header.index(part.name))
            for kind in _KINDS
            if isinstance(part := mapping.targets.get(kind), Column) and part.name in header
        ]

    def of(self, row: Row) -> frozenset[str]:
        """The subjects of one row; of one with too few or too many cells, all that any of them may name."""
        whole = len(row) == self._width
        named = ((kind, row[place]) for kind, place in self._places) if whole else product(_KINDS, row)
        return frozenset(subject for kind, cell in named for subject in _subjects(kind, cell))


def _subjects(kind: str, cell: Cell) -> Iterator[str]:
    text = cell_text(cell)
    match kind:
        case "user_id" | "anonymous_id":
            yield f"{kind}:{text}"
        case "email":
            address = address_of(text)
            yield from () if address is None else (f"anonymous_id:{id_behind(kind, address)}",)
        case _:
            yield f"anonymous_id:{id_behind(kind, text)}"
