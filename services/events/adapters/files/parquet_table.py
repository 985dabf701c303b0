"""Parquet files: flat columns of texts, numbers, amounts, dates and times, read a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.events.adapters.files.csv_table import BATCH_ROWS, check_header
from services.events.adapters.files.suspicions import SuspiciousCells
from services.events.domain.imports.cells import Cell
from services.events.domain.imports.errors import UnusableFile
from services.events.domain.imports.rows import BadRow, RowFlaw, Sheet
from services.events.use_cases.imports.ports import Batch

_LARGEST_ROW_GROUP = 1024 * 1024 * 1024
_LARGEST_FOOTER_PART = 16 * 1024 * 1024
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


class ParquetTable:
    """A Parquet file. Raises UnusableFile for one that cannot be read, or has columns of another kind."""

    delimiter = ","

    def __init__(self, file: IO[bytes], *, size: int) -> None:
        self._size = size
        try:
            self._file = pq.ParquetFile(
                pa.PythonFile(file, mode="r"),
                thrift_string_size_limit=_LARGEST_FOOTER_PART,
                thrift_container_size_limit=_LARGEST_FOOTER_PART,
            )
            schema = self._file.schema_arrow
            self._rows = int(self._file.metadata.num_rows)
        except _UNREADABLE as error:
            raise UnusableFile(f"not a Parquet file that can be read: {_first_line(error)}") from error
        self.header: Sequence[str] = [str(name).strip() for name in schema.names]
        check_header(self.header)
        for field in schema:
            _check_type(field)
        self._check_sizes()

    def batches(self) -> Iterator[Batch]:
        """All rows, in order. Raises UnusableFile where pages are damaged."""
        done = 0
        try:
            for some in self._file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                done += some.num_rows
                yield self._batch(some, first=done - some.num_rows + 2, done=done)
        except _UNREADABLE as error:
            raise UnusableFile(f"the file is damaged behind row {done + 1}: {_first_line(error)}") from error

    def _check_sizes(self) -> None:
        groups = (self._file.metadata.row_group(place) for place in range(self._file.metadata.num_row_groups))
        if any(not 0 <= group.total_byte_size <= _LARGEST_ROW_GROUP for group in groups):
            raise UnusableFile("a row group is larger than 1 GB; write the file with smaller ones")

    def _batch(self, some: Any, *, first: int, done: int) -> Batch:
        suspicions = SuspiciousCells()
        columns = [_cells(column, suspicions) for column in some.columns]
        rows: list[tuple[Cell, ...]] = list(zip(*columns, strict=True))
        numbers: Sequence[int] = range(first, first + len(rows))
        bad: list[BadRow] = []
        if suspicions.any:
            reasons = {number: suspicions.in_row(row) for number, row in zip(numbers, rows, strict=True)}
            bad = [
                BadRow(number, row, (RowFlaw(number, None, reason),))
                for row, (number, reason) in zip(rows, reasons.items(), strict=True)
                if reason
            ]
            rows = [row for row, reason in zip(rows, reasons.values(), strict=True) if not reason]
            numbers = [number for number, reason in reasons.items() if not reason]
        return Batch(Sheet(numbers, rows), bad, self._size * done // max(self._rows, done, 1))


def _check_type(field: Any) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    checks = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean,
        pa.types.is_decimal, pa.types.is_date, pa.types.is_timestamp, pa.types.is_null,
    )  # fmt: skip
    if not any(check(kind) for check in checks):
        raise UnusableFile(
            f"column {field.name!r} is of type {field.type}; taken are texts, numbers, decimals, booleans, dates and"
            " times; flatten or leave out what is nested"
        )


def _cells(column: Any, suspicions: SuspiciousCells) -> list[Cell]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_timestamp(kind):
        exact = pa.timestamp("us", "UTC" if kind.tz else None)
        column = pc.cast(column, exact, safe=False).cast(pa.string())
    elif pa.types.is_date(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        column = column.cast(pa.float64())
        column = pc.if_else(pc.is_finite(column), column, None)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _texts(column, suspicions)
    found: list[Cell] = column.to_pylist()
    return found


def _texts(column: Any, suspicions: SuspiciousCells) -> list[Cell]:
    try:
        found: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()).to_pylist()
        found = [None if one is None else one.decode("utf-8", "surrogateescape") for one in raw]
    suspicions.look_at("\n".join([text for text in found if text]))
    return list(found)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
