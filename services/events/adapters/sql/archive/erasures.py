"""Erasures that the archive has still to follow."""

from __future__ import annotations

from services.events.adapters.sql.erasure.erasures import settle, unfinished
from services.events.use_cases.archive.keep_archive import KeepArchive, Stopping
from services.events.use_cases.archive.ports import ErasedSubjects
from shared.clock import Clock
from shared.sql.database import Database


class ArchiveErasures:
    """What the one process that keeps the archive does about erasures."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def rewrite(self, keep: KeepArchive, stopping: Stopping) -> None:
        """Take everybody out of the files who has been erased since the last time, all in one pass."""
        with self._database.reading() as session:
            waiting = unfinished(session, part="rewritten_at")
        for each in waiting:
            keep.erase(ErasedSubjects(each.id, frozenset(each.subjects), each.until), stopping)
            with self._database.transaction() as session:
                settle(session, [each], part="rewritten_at", now=self._clock(), archives=True)
