"""What was accepted and is not in the log of public facts yet: unrecorded after a worker was away, or in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from services.events.adapters.bus.public_topics import oldest_positions
from services.events.domain.webhooks.replays import ON_THEIR_WAY
from shared.bus.ports import Bus
from shared.clock import Clock
from shared.contracts.topics import INGEST
from shared.inbox import positions
from shared.sql.database import Database
from shared.sql.plumbing import outbox


class OnTheirWay:
    """Knows when everything that `consumer` has to record of the time before a moment has come into the public log."""

    def __init__(self, database: Database, bus: Callable[[], Bus], consumer: str, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._consumer = consumer
        self._clock = clock
        self._recorded: dict[datetime, datetime] = {}

    def have_arrived(self, before: datetime) -> bool:
        """Whether they have; asked again and again until it is so. Raises BusError."""
        if before not in self._recorded:
            if not self._is_recorded(before):
                return False
            self._recorded[before] = self._clock()
        if not self._is_relayed(self._recorded[before]):
            return False
        del self._recorded[before]
        return True

    def _is_recorded(self, before: datetime) -> bool:
        bus = self._bus()
        ends = bus.positions_since([INGEST.name], before + ON_THEIR_WAY)
        oldest = oldest_positions(bus, [INGEST.name])  # nobody records what lay before
        with self._database.reading() as session:
            reached = positions.load(session, self._consumer, ends)
        return all(max(reached.get(place, 0), oldest[place]) >= end for place, end in ends.items())

    def _is_relayed(self, moment: datetime) -> bool:
        oldest = select(outbox.c.created_at).order_by(outbox.c.sequence).limit(1)
        with self._database.reading() as session:
            left = session.scalar(oldest)
        return left is None or left > moment + ON_THEIR_WAY
