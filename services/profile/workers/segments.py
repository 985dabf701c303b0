"""Fills new segments, empties deleted ones, and follows the clock for those that move with time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.profile.adapters.sql.segment_reading import due_segments
from services.profile.adapters.sql.work import SqlWork
from services.profile.use_cases.refresh_segment import RefreshSegment
from shared.clock import Clock
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.workers.loops import work_until

_IDLE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLoop:
    """Of several replicas, the one that holds the lease does the work."""

    database: Database
    outbox: Outbox
    work: Callable[[Session], SqlWork]
    refresh: RefreshSegment
    lease: Lease
    every: timedelta
    clock: Clock

    def run(self, stop: threading.Event) -> None:
        """Refresh what is due until `stop` is set; a database that is away is waited for."""
        work_until(stop, self.refresh_due, rest_s=_IDLE_S)
        with suppress(DBAPIError):  # it runs out by itself
            self.lease.release()

    def refresh_due(self) -> int:
        """Bring every segment that is due a page further, each in its own transaction; how many. Raises DBAPIError."""
        with self.database.reading() as session:
            due = due_segments(session, stale_before=self.clock() - self.every)
        if not due or not self.lease.hold():
            return 0
        for segment_id in due:
            with self.database.transaction() as session:
                self.outbox.add(session, self.refresh.next_page(self.work(session), segment_id))
        return len(due)
