"""Parquet files: their flat columns, read a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.events.adapters.files.csv_table import BATCH_BYTES, BATCH_ROWS, check_header
from services.events.adapters.files.parquet_columns import NOT_UTF_8, cells_of, readable, texts_among
from services.events.adapters.files.suspicions import SuspiciousCells
from services.events.domain.imports.cells import Cell
from services.events.domain.imports.errors import UnusableFile
from services.events.domain.imports.rows import BadRow, RowFlaw, Sheet
from services.events.use_cases.imports.ports import Batch

_LARGEST_ROW_GROUP = 1024 * 1024 * 1024
_LARGEST_FOOTER_PART = 16 * 1024 * 1024
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


class ParquetTable:
    """A Parquet file. `used` are the columns that a mapping reads, None if there is none yet.

    Raises UnusableFile for a file that cannot be read, or in which one of those is nested or of another kind that
    cannot be. Other columns of such kinds are passed over.
    """

    delimiter = ","

    def __init__(self, file: IO[bytes], *, size: int, used: Collection[str] | None = None) -> None:
        self._size = size
        try:
            self._file = _opened(file)
            schema = self._file.schema_arrow
            self._rows = int(self._file.metadata.num_rows)
            check_header([str(name).strip() for name in schema.names], used or ())
            self._names = readable(schema, used)
            self._file = _opened(file, texts_among(schema, self._names))
        except _UNREADABLE as error:
            raise UnusableFile(f"not a Parquet file that can be read: {_first_line(error)}") from error
        self.header: Sequence[str] = [name.strip() for name in self._names]
        self._rows_at_once = self._checked_sizes()

    def batches(self) -> Iterator[Batch]:
        """All rows, in order. Raises UnusableFile where pages are damaged."""
        done = 0
        try:
            for some in self._file.iter_batches(batch_size=self._rows_at_once, columns=self._names, use_threads=False):
                done += some.num_rows
                yield self._batch(some, first=done - some.num_rows + 2, done=done)
        except _UNREADABLE as error:
            raise UnusableFile(f"the file is damaged behind row {done + 1}: {_first_line(error)}") from error

    def _checked_sizes(self) -> int:
        """How many rows are read at once: fewer of long ones. Raises UnusableFile."""
        # Of whole groups: to ask a damaged file for those of single columns ends the process (Arrow 26).
        groups = [self._file.metadata.row_group(place) for place in range(self._file.metadata.num_row_groups)]
        if any(not 0 <= group.total_byte_size <= _LARGEST_ROW_GROUP for group in groups):
            raise UnusableFile("a row group is larger than 1 GB; write the file with smaller ones")
        longest = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
        return min(BATCH_ROWS, max(1, BATCH_BYTES // max(longest, 1)))

    def _batch(self, some: Any, *, first: int, done: int) -> Batch:
        suspicions = SuspiciousCells(not_encoded=NOT_UTF_8)
        columns = [cells_of(some.column(name), suspicions) for name in self._names]
        rows: list[tuple[Cell, ...]] = list(zip(*columns, strict=True))
        numbers: Sequence[int] = range(first, first + len(rows))
        bad: list[BadRow] = []
        if suspicions.any:
            flaws = {number: self._flaws(number, row, suspicions) for number, row in zip(numbers, rows, strict=True)}
            bad = [
                BadRow(number, row, found) for row, (number, found) in zip(rows, flaws.items(), strict=True) if found
            ]
            rows = [row for row, found in zip(rows, flaws.values(), strict=True) if not found]
            numbers = [number for number, found in flaws.items() if not found]
        return Batch(Sheet(numbers, rows), bad, self._size * done // max(self._rows, done, 1))

    def _flaws(self, number: int, row: Sequence[Cell], suspicions: SuspiciousCells) -> tuple[RowFlaw, ...]:
        """What is wrong with single cells of a row."""
        told = ((name, suspicions.in_row([cell])) for name, cell in zip(self.header, row, strict=True))
        return tuple(RowFlaw(number, name, reason) for name, reason in told if reason)


def _opened(file: IO[bytes], repeating: Sequence[str] = ()) -> Any:
    """The file, of which the columns `repeating` come as what they hold and where: a text may be there ten million
    times, and in the file once."""
    return pq.ParquetFile(
        pa.PythonFile(file, mode="r"),
        read_dictionary=list(repeating),
        thrift_string_size_limit=_LARGEST_FOOTER_PART,
        thrift_container_size_limit=_LARGEST_FOOTER_PART,
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
