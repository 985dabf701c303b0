"""The loop that archives touchpoints. Of several workers the one that holds the lease does all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import monotonic

from sqlalchemy.exc import DBAPIError

from services.events.adapters.parquet.archive_writer import ARCHIVE_CONSUMER, ArchiveWriter
from services.events.adapters.sql.archive.erasures import ArchiveErasures
from services.events.use_cases.archive.keep_archive import KeepArchive
from services.events.use_cases.archive.ports import LedgerLost
from shared.bus.ports import Bus, BusError, Consumer, Partition, Positions, Record
from shared.contracts.topics import TOUCHPOINTS
from shared.inbox import positions
from shared.inbox.positions import Overtaken
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.workers.loops import work_until

_IDLE_S = 1.0
_RENEW_EVERY_S = 3.0
_MOST_BYTES = 16 * 1024 * 1024
_MOST_RECORDS = 20_000
_AWAY = BusError, DBAPIError, OSError, Overtaken, LedgerLost


class ArchiveLoop:
    """Collects what the bus brings, and writes it when there is much of it or it has waited for `every_s`."""

    def __init__(
        self,
        *,
        bus: Callable[[], Bus],
        database: Database,
        lease: Lease,
        writer: ArchiveWriter,
        keep: KeepArchive,
        erasures: ArchiveErasures,
        every_s: float,
    ) -> None:
        self._bus = bus
        self._database = database
        self._lease = lease
        self._writer = writer
        self._keep = keep
        self._erasures = erasures
        self._every_s = every_s
        self._believed: dict[Partition, int] = {}
        self._collected: list[Record] = []
        self._bytes = 0
        self._since = 0.0

    def run(self, stop: threading.Event) -> None:
        """Archive until `stop` is set; a bus, a database or a disk that does not serve is waited for."""
        work_until(stop, lambda: self._lead(stop), rest_s=_IDLE_S, away=_AWAY)
        with suppress(DBAPIError):  # it runs out by itself
            self._lease.release()

    def _lead(self, stop: threading.Event) -> None:
        """Do the work until another leads. What was only collected is read again by whoever does."""
        if not self._lease.hold():
            return
        self._begin_anew()
        self._keep.take_over()
        consumer = self._bus().consumer(ARCHIVE_CONSUMER, [TOUCHPOINTS.name], start_at=self._start_at)
        renew_at = 0.0
        try:
            while not stop.is_set():
                # First of all: of a file that is merged nobody can count any more what a killed worker took out of it.
                self._erasures.rewrite(self._keep, stop.is_set)
                if monotonic() >= renew_at:
                    if not self._lease.hold():
                        return
                    renew_at = monotonic() + _RENEW_EVERY_S
                    self._keep.merge_closed_day(stop.is_set)
                self._collect(consumer.poll(max_records=500, timeout_s=0.5))
                if self._is_time():
                    self._write(consumer)
        finally:
            consumer.close()

    def _start_at(self, partitions: Iterable[Partition]) -> Positions:
        wanted = set(partitions)
        with self._database.reading() as session:
            found = positions.load(session, ARCHIVE_CONSUMER, wanted)
        self._believed = {place: at for place, at in self._believed.items() if place not in wanted} | found
        return found

    def _begin_anew(self) -> None:
        self._collected, self._bytes, self._since = [], 0, monotonic()

    def _collect(self, records: Sequence[Record]) -> None:
        if records and not self._collected:
            self._since = monotonic()
        self._collected += records
        self._bytes += sum(len(record.value) for record in records)

    def _is_time(self) -> bool:
        return (
            self._bytes >= _MOST_BYTES
            or len(self._collected) >= _MOST_RECORDS
            or monotonic() - self._since >= self._every_s
        )

    def _write(self, consumer: Consumer) -> None:
        """Archive what was collected; with nothing collected, only the dead letters that are to be tried again."""
        reached: dict[Partition, int] = {}
        for record in self._collected:
            place = (record.topic, record.partition)
            reached[place] = max(reached.get(place, 0), record.offset + 1)
        self._writer.write(self._collected, self._believed, reached)
        self._believed |= reached
        self._begin_anew()
        self._keep.publish()
        consumer.report(reached)
