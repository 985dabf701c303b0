"""What the calls of a file are told apart by, so that the same file imported again brings no duplicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from services.events.domain.imports.cells import cell_text
from services.events.domain.imports.columns import Columns, PartReader
from services.events.domain.imports.mapping import FileMapping
from services.events.domain.imports.rows import SEPARATOR, Sheet
from services.events.domain.inbound.pointers import ABSENT

_LONGEST = 100

Occurrences = Callable[[Sequence[bytes]], Sequence[int]]
"""How many rows of the same digest stood in the file before, for each of these in order."""


class MessageIds:
    """The message ids of one file: as the mapping says, or by what stands in each row and how often it came before."""

    def __init__(self, mapping: FileMapping, occurrences: Occurrences) -> None:
        self._stated = PartReader(mapping.message_id, names_something=True) if mapping.message_id is not None else None
        self._key = mapping.message_key
        self._occurrences = occurrences

    def pass_over(self, sheet: Sheet) -> None:
        """Count rows that were made calls of before, so that later ones like them are told apart."""
        if self._stated is None and not self._key:
            self._occurrences([_digest(row) for row in sheet.rows])

    def of(self, columns: Columns, sheet: Sheet, heads: Sequence[int]) -> Sequence[str]:
        """One for each call, whose first rows are `heads`."""
        if self._stated is not None:
            return self._as_stated(self._stated, columns, heads)
        if self._key:
            keys = [columns.cells(name) for name in self._key]
            texts = (SEPARATOR.join([cell_text(column[head]) for column in keys]) for head in heads)
            return [f"key:{_hashed(text)}" for text in texts]
        digests = [_digest(row) for row in sheet.rows]
        counts = self._occurrences(digests)
        return [f"row:{digest.hex()}:{count}" for digest, count in zip(digests, counts, strict=True)]

    @staticmethod
    def _as_stated(reader: PartReader, columns: Columns, heads: Sequence[int]) -> Sequence[str]:
        found = reader.read(columns, heads, ())
        for head, value in zip(heads, found, strict=True):
            if value is ABSENT:
                columns.refuse(head, None, "message_id is empty")
        return [text if len(text) <= _LONGEST else f"id:{_hashed(text)}" for text in map(_text, found)]


def _digest(row: Sequence[Any]) -> bytes:
    return blake2b(SEPARATOR.join(map(str, row)).encode(), digest_size=16).digest()


def _hashed(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
