"""CSV files: any of the usual encodings and delimiters, within bounded memory, whatever is in them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from services.events.adapters.files.csv_lines import CsvLines
from services.events.adapters.files.suspicions import SuspiciousCells
from services.events.domain.imports.errors import UnusableFile
from services.events.domain.imports.row_errors import is_errors_file, unquoted
from services.events.domain.imports.rows import BadRow, Row, RowFlaw, Sheet
from services.events.use_cases.imports.ports import Batch, CsvForm

BATCH_ROWS = 20_000
BATCH_BYTES = 32 * 1024 * 1024
"""Of the file: what of it is held in memory is some times as much."""
_ROWS_AT_ONCE = 200
MAX_COLUMNS = 500
_HINTS = {
    "unexpected end of data": "; a quote that begins a cell here is never closed, and holds all that follows",
    "field larger than field limit (131072)": "; where no cell is so long, a quote that begins one is never closed, and"
    " holds rows behind this one",
    **{f"'{each}' expected after '\"'": "; a quote within a quoted cell is written twice" for each in ",;\t|"},
}
"""What to look for, by what Python says of rows whose quotes are wrong."""
_DELIMITERS = (",", ";", "\t", "|")
_STATED_DELIMITER = re.compile(r"sep=([,;\t|])\s*")

Chunks = Callable[[], Iterable[bytes]]


class CsvTable:
    """A CSV file whose bytes `chunks` gives from the beginning. `used` are the columns that a mapping reads.

    Raises UnusableFile for one without a header, or with several columns of a name that is used.
    """

    def __init__(self, chunks: Chunks, form: CsvForm, *, used: Collection[str] = ()) -> None:
        self._lines = CsvLines(chunks(), form.encoding)
        first, stated = _beginning(self._lines)
        self.delimiter = form.delimiter or stated or sniffed(first)
        self._reader = csv.reader(_chain(first, self._lines), delimiter=self.delimiter, strict=True)
        found = self._header(used)
        self._mended = is_errors_file(found)
        self.header: Sequence[str] = found[:-2] if self._mended else found
        self._width = len(found)
        self._number = 1

    def batches(self) -> Iterator[Batch]:
        """All rows, in order. A row that cannot be read is a bad one, and the next is tried."""
        while True:
            rows: list[list[str]] = []
            refusal: str | None = None
            try:
                self._read(rows)
            except csv.Error as error:
                refusal = f"the row cannot be read: {error}{_HINTS.get(str(error), '')}"
            if not rows and refusal is None:
                return
            yield self._batch(rows, refusal)

    def _read(self, rows: list[list[str]]) -> None:
        """Add what comes next to `rows`, as much as a batch holds. Raises csv.Error behind what it could add."""
        enough, before = self._lines.read_bytes + BATCH_BYTES, -1
        while before < len(rows) < BATCH_ROWS and self._lines.read_bytes < enough:
            before = len(rows)
            rows.extend(islice(self._reader, _ROWS_AT_ONCE))

    def _header(self, used: Collection[str]) -> list[str]:
        try:
            found = [name.strip() for name in next(self._reader, [])]
        except csv.Error as error:
            raise UnusableFile(f"the header cannot be read: {error}") from error
        check_header(found, used)
        return found

    def _batch(self, rows: list[list[str]], refusal: str | None) -> Batch:
        first = self._number + 1
        self._number += len(rows) + (refusal is not None)
        numbers: Sequence[int] = range(first, first + len(rows))
        bad: list[BadRow] = []
        blank = 0
        if set(map(len, rows)) - {self._width} or self._lines.suspicions.any or any(map(self._is_blank, rows)):
            numbers, rows, bad, blank = self._sorted_out(numbers, rows)
        if refusal is not None:
            bad.append(_bad(self._number, (), refusal))
        if self._mended:
            return Batch(Sheet(numbers, [unquoted(row) for row in rows]), bad, self._lines.read_bytes, blank)
        return Batch(Sheet(numbers, rows), bad, self._lines.read_bytes, blank)

    def _is_blank(self, row: Sequence[str]) -> bool:
        """Whether a row is an empty line, or nothing but delimiters and spaces, as spreadsheets write them."""
        return not (row and row[0].strip()) and not any(map(str.strip, row[: len(self.header)]))

    def _sorted_out(
        self, numbers: Sequence[int], rows: list[list[str]]
    ) -> tuple[list[int], list[list[str]], list[BadRow], int]:
        good: list[tuple[int, list[str]]] = []
        bad: list[BadRow] = []
        blank = 0
        for number, row in zip(numbers, rows, strict=True):
            if self._is_blank(row):
                blank += 1
            elif len(row) != self._width:
                bad.append(_bad(number, row, f"{len(row)} cells, but the header has {self._width} columns"))
            elif reason := self._lines.suspicions.in_row(row):
                bad.append(_bad(number, row, reason))
            else:
                good.append((number, row))
        return [number for number, _ in good], [row for _, row in good], bad, blank


def check_header(names: Sequence[str], used: Collection[str]) -> None:
    """Raise UnusableFile unless columns are named, and each that is used by a name of its own."""
    if not any(names):
        raise UnusableFile("the file is empty; its first row must name the columns")
    if len(names) > MAX_COLUMNS:
        raise UnusableFile(f"{len(names)} columns, at most {MAX_COLUMNS} are taken")
    if repeated := sorted(name for name in used if names.count(name) > 1):
        told = f"the header names a column twice that the mapping reads: {', '.join(map(repr, repeated[:5]))}"
        raise UnusableFile(f"{told[:300]}; rename the one that is not meant")
    if reason := SuspiciousCells().in_row(names):
        raise UnusableFile(f"the header: {reason}")


def sniffed(header: str) -> str:
    """The delimiter that a header shows outside of quotes; a comma if none."""
    bare = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)


def _beginning(lines: Iterable[str]) -> tuple[str, str | None]:
    """The header's line, and the delimiter that a line `sep=;` of Excel's before it states; blank lines are skipped."""
    written = (line for line in lines if line.strip())
    first = next(written, "")
    stated = _STATED_DELIMITER.fullmatch(first)
    return (next(written, ""), stated[1]) if stated else (first, None)


def _bad(number: int, cells: Row, reason: str) -> BadRow:
    return BadRow(number, cells, (RowFlaw(number, None, reason),))


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest
