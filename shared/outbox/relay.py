"""Publishes the outbox: at least once, in order; readers drop what arrives twice by its record id."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.bus.ports import BusError, NewRecord, Publisher
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.sql.plumbing import outbox
from shared.telemetry.metrics import OUTBOX_PUBLISHED

_log = logging.getLogger(__name__)
_SHORTEST_PAUSE_S = 0.03
_LONGEST_PAUSE_S = 0.2
_RETRY_S = 1.0
_PAGE_RECORDS = 500
_PAGE_BYTES = 16_000_000  # what one batch of a busy consumer says: a page waits for its turn to write behind a batch
_RENEW_EVERY_S = 5.0


class Relay:
    """Moves rows from one service's outbox to the bus; of several replicas, the one that holds the lease does."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._lease = Lease(database, "outbox-relay", seconds=15)
        self._renew_at = 0.0
        self._pause_s = _SHORTEST_PAUSE_S

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop` is set, then let another take over; a bus or database that is away is waited for."""
        while not stop.is_set():
            try:
                commits = self._database.commits
                if not self._leads():
                    stop.wait(_RETRY_S)
                elif self.relay_once():
                    self._pause_s = _SHORTEST_PAUSE_S
                else:  # a commit of this process is noticed at once, one of another by looking
                    self._database.wait_for_commit(commits, self._pause_s)
                    self._pause_s = min(self._pause_s * 1.5, _LONGEST_PAUSE_S)
            except (BusError, DBAPIError) as error:
                self._renew_at = 0.0
                _log.warning("outbox relay waits", extra={"reason": str(error)})
                stop.wait(_RETRY_S)
        with suppress(DBAPIError):  # a database that is away forgets the lease by itself
            self._lease.release()

    def _leads(self) -> bool:
        if monotonic() >= self._renew_at:
            if not self._lease.hold():
                return False
            self._renew_at = monotonic() + _RENEW_EVERY_S
        return True

    def relay_once(self) -> int:
        """Publish one page and delete it; the number of records. Raises BusError with the page still kept."""
        with self._database.reading() as session:
            page = _page(session)
        if not page:
            return 0
        self._publisher.publish([_record(row) for row in page])
        with self._database.transaction() as session:
            session.execute(delete(outbox).where(outbox.c.sequence.in_([row.sequence for row in page])))
        OUTBOX_PUBLISHED.inc(len(page))
        return len(page)


def _page(session: Session) -> Sequence[Row[Any]]:
    """The oldest rows, as many as may be held in memory."""
    waiting = select(outbox.c.sequence, func.length(outbox.c.value)).order_by(outbox.c.sequence).limit(_PAGE_RECORDS)
    chosen: list[int] = []
    size = 0
    for sequence, length in session.execute(waiting):
        chosen.append(sequence)
        size += length
        if size >= _PAGE_BYTES:
            break
    if not chosen:
        return ()
    return session.execute(select(outbox).where(outbox.c.sequence.in_(chosen)).order_by(outbox.c.sequence)).all()


def _record(row: Row[tuple[object, ...]]) -> NewRecord:
    return NewRecord(
        topic=row.topic,
        partition=row.partition,
        key=row.key,
        value=bytes(row.value),
        headers=tuple((name, value.encode("latin-1")) for name, value in row.headers),
    )
