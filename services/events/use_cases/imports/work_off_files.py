"""Working off a file: rows become steps of calls and refused rows, the same steps each time it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from services.events.domain.imports.calls import CallMaker, MadeCall
from services.events.domain.imports.errors import UnusableFile
from services.events.domain.imports.mapping import FileMapping
from services.events.domain.imports.rows import BadRow, Choosing, Sheet, group_keys
from services.events.use_cases.imports.ports import Batch, ImportFile, ImportMapping, Scratch, Table

_GROUPED_ROWS = 20_000
_TOLD_COLUMNS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What files are worked off with."""

    open_table: Callable[[ImportFile, ImportMapping], Table]
    open_scratch: Callable[[], Scratch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some rows that were settled. `position` counts all that are, this step's among them."""

    position: int
    read_bytes: int
    sheet: Sheet
    calls: Sequence[MadeCall] = ()
    bad: Sequence[BadRow] = ()
    passed_over: int = 0


def work_off(
    file: ImportFile,
    mapping: ImportMapping,
    files: Files,
    *,
    now: datetime,
    after: int = 0,
    opened: Callable[[Table], None] = lambda table: None,
    reading: Callable[[], None] = lambda: None,
    most_rows: int | None = None,
) -> Iterator[Step]:
    """The steps of a file behind the position `after`; `reading` is called while rows are read that settle nothing.

    With `most_rows` only the first rows are read. Raises UnusableFile, also between steps.
    """
    table, wanted = files.open_table(file, mapping), mapping.read()
    if missing := sorted(wanted.columns() - set(table.header)):
        raise UnusableFile(_lacking(missing, table.header))
    opened(table)
    with closing(files.open_scratch()) as scratch:
        working = _Working(table, wanted, scratch, size=file.size, now=now, after=after, reading=reading)
        batches = table.batches() if most_rows is None else _first(table.batches(), most_rows)
        yield from working.grouped(batches) if wanted.group_by else working.one_by_one(batches)


class _Working:
    """One reading of a file; the steps up to the position `after` were done before and are passed over."""

    def __init__(
        self,
        table: Table,
        mapping: FileMapping,
        scratch: Scratch,
        *,
        size: int,
        now: datetime,
        after: int,
        reading: Callable[[], None],
    ) -> None:
        self._mapping, self._header, self._scratch = mapping, table.header, scratch
        self._size, self._after, self._reading = size, after, reading
        self._choosing = Choosing(mapping, table.header)
        self._maker = CallMaker(mapping, table.header, now=now, occurrences=scratch.occurrences)
        self._position = 0

    def one_by_one(self, batches: Iterator[Batch]) -> Iterator[Step]:
        """Each row a call of its own."""
        for batch in batches:
            chosen = self._choosing.choose(batch.sheet)
            passed_over = len(batch.sheet.rows) - len(chosen.rows) + batch.blank
            yield from self._settle(chosen, batch.read_bytes, bad=batch.bad, passed_over=passed_over)

    def grouped(self, batches: Iterator[Batch]) -> Iterator[Step]:
        """First every row is put where its group is, wherever that stands in the file; then group after group."""
        kept = 0
        for batch in batches:
            chosen = self._choosing.choose(batch.sheet)
            self._scratch.put(group_keys(self._mapping, self._header, chosen), chosen)
            kept += len(chosen.rows)
            passed_over = len(batch.sheet.rows) - len(chosen.rows) + batch.blank
            if batch.bad or passed_over:
                nothing = Sheet((), ())
                yield from self._settle(nothing, batch.read_bytes // 2, bad=batch.bad, passed_over=passed_over)
            self._reading()
        before = self._position
        for sheet in self._scratch.groups(_GROUPED_ROWS):
            done = self._position + len(sheet.rows) - before
            yield from self._settle(sheet, (self._size + self._size * done // kept) // 2)

    def _settle(
        self, sheet: Sheet, read_bytes: int, *, bad: Sequence[BadRow] = (), passed_over: int = 0
    ) -> Iterator[Step]:
        self._position += len(sheet.rows) + len(bad) + passed_over
        if self._position <= self._after:
            self._maker.pass_over(sheet)
            self._reading()
            return
        made = self._maker.make(sheet)
        yield Step(
            position=self._position,
            read_bytes=read_bytes,
            sheet=sheet,
            calls=made.calls,
            bad=[*bad, *made.bad],
            passed_over=passed_over,
        )


def _first(batches: Iterator[Batch], most: int) -> Iterator[Batch]:
    """Batches until so many rows were read."""
    for batch in batches:
        read = len(batch.sheet.rows) + len(batch.bad) + batch.blank
        if read >= most:
            sheet = Sheet(batch.sheet.numbers[:most], batch.sheet.rows[:most])
            last = sheet.numbers[-1] if sheet.numbers else 0
            bad = [row for row in batch.bad if row.number <= last or not last][:most]
            yield Batch(sheet, bad, batch.read_bytes, batch.blank)
            return
        most -= read
        yield batch


def _lacking(missing: Sequence[str], header: Sequence[str]) -> str:
    lacks, has = (", ".join(repr(name) for name in names[:_TOLD_COLUMNS]) for names in (missing, header))
    more = ", …" if len(header) > _TOLD_COLUMNS else ""
    return f"the file lacks columns that the mapping reads: {lacks}; it has {has}{more}"
