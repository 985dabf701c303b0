"""Keeping the archive: files become visible, closed days become one file each, and what is erased leaves them.

A file is committed to the ledger first and published afterwards, and every step can be taken again: whatever dies, a
touchpoint is in exactly one file that a reader finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from services.events.use_cases.archive.ports import (
    ArchiveFile,
    ArchiveStore,
    DamagedFile,
    ErasedSubjects,
    Folder,
    LedgerLost,
)
from shared.clock import Clock

CLOSED_AFTER = timedelta(hours=1)
"""How long after a day's end its late comers are waited for before its files are merged."""

Stopping = Callable[[], bool]
"""Asked now and then whether to end; asking shows that the work goes on."""


class KeepArchive:
    """The work of the one process that keeps the archive. Raises LedgerLost when that is another, and OSError."""

    def __init__(self, store: ArchiveStore, folder: Folder, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._new_id = new_id
        self._can_merge = False
        self._damaged: dict[str, Sequence[ArchiveFile]] = {}

    def take_over(self) -> None:
        """Finish what the one before had begun."""
        self._folder.prepare()
        with self._store.transaction() as ledger:
            begun = ledger.in_state("written", "merged")
        self._folder.clear([file.id for file in begun])
        self._can_merge = self._folder.can_exchange()
        self.publish()
        self._finish_merges()

    def publish(self) -> None:
        """Let readers find what was written."""
        with self._store.transaction() as ledger:
            written = ledger.in_state("written")
        for file in written:
            self._folder.publish(file)
        if written:
            with self._store.transaction() as ledger:
                ledger.set_state(written, "published")

    def merge_closed_day(self, stopping: Stopping) -> bool:
        """Make one file of a closed day's, and sweep up after earlier ones; whether there was any such day.

        Raises DamagedFile, and then passes the day over for as long as it has the same files.
        """
        self._folder.sweep()
        if not self._can_merge:
            return False
        day, parts = self._closed_day()
        if not parts:
            return False
        merged = ArchiveFile(id=self._new_id(), day=day, rows=0, bytes=0, created_at=self._clock(), state="merged")
        merged = self._merged(merged, self._held(parts), stopping)
        with self._store.transaction() as ledger:
            ledger.add([merged])
            ledger.set_state(parts, "replaced")
        self._finish_merges()
        return True

    def _merged(self, into: ArchiveFile, parts: Sequence[ArchiveFile], stopping: Stopping) -> ArchiveFile:
        rows = 0
        try:
            for so_far in self._folder.merge(into, parts):
                self._go_on(stopping)
                rows = so_far
        except DamagedFile:
            self._damaged[into.day] = parts
            raise
        return replace(into, rows=rows, bytes=self._folder.size_of_merged(into))

    def _held(self, files: Sequence[ArchiveFile]) -> Sequence[ArchiveFile]:
        return [file for file in files if self._folder.holds(file)]

    def _closed_day(self) -> tuple[str, Sequence[ArchiveFile]]:
        """The next day to merge, and its files; not one whose files were all deleted, or hold a damaged one."""
        with self._store.transaction() as ledger:
            days = ledger.days_to_merge(before=day_of(self._clock() - CLOSED_AFTER))
        for day in days:
            with self._store.transaction() as ledger:
                parts = ledger.in_state("published", day=day)
            if self._held(parts) not in ([], self._damaged.get(day)):
                return day, parts
        return "", ()

    def erase(self, erased: ErasedSubjects, stopping: Stopping) -> int:
        """Take rows out of every file; how many. Raises DamagedFile: whom such a file tells of nobody knows."""
        with self._store.transaction() as ledger:
            files = ledger.in_state("published")
        gone = 0
        for file in self._held(files):
            self._go_on(stopping)
            for _ in self._folder.erase(file, erased):
                self._go_on(stopping)
            rows, size = self._folder.count(file)
            if rows != file.rows:
                gone += file.rows - rows
                with self._store.transaction() as ledger:
                    ledger.resize(file, rows=rows, size=size, erased=erased)
        return gone

    def _go_on(self, stopping: Stopping) -> None:
        """Stay the one who does this, in the middle of long work. Raises LedgerLost, also when this worker ends."""
        if stopping():
            raise LedgerLost("this worker ends; another finishes it")
        self._store.hold()

    def _finish_merges(self) -> None:
        with self._store.transaction() as ledger:
            merged = ledger.in_state("merged")
        for file in merged:
            self._folder.exchange(file)
            with self._store.transaction() as ledger:
                ledger.drop_replaced(file.day)
                ledger.set_state([file], "published")


@lru_cache(maxsize=1_024)  # the calls of one request share the moment
def day_of(moment: datetime) -> str:
    """The day of a moment in UTC, as 2026-01-31."""
    return moment.astimezone(UTC).date().isoformat()
