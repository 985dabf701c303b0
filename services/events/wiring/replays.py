"""The part of events' wiring that is about replays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.events.adapters.bus.on_their_way import OnTheirWay
from services.events.adapters.bus.past_facts import BusPastFacts, stretches_since
from services.events.adapters.sql.webhooks.replays import SqlReplays
from services.events.domain.owners import EVERYBODY
from services.events.domain.webhooks.replays import Replay
from services.events.use_cases.webhooks.replay_ports import Chunk
from services.events.use_cases.webhooks.replay_webhooks import feed_replay
from services.events.wiring.recording import INGEST_CONSUMER
from services.events.wiring.webhooks import Living
from shared.bus.ports import Bus
from shared.clock import Clock
from shared.sql.database import Database
from shared.sql.leases import Lease


class ReplayWiring:
    """What the loop that feeds replays is made of. See `ReplayDesk`."""

    def __init__(self, database: Database, bus: Callable[[], Bus], living: Living, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._living = living
        self._on_their_way = OnTheirWay(database, bus, INGEST_CONSUMER, clock)
        self._lease = Lease(database, "events.replays")

    def in_need(self, limit: int) -> Sequence[Replay]:
        """Replays that can be fed now; none while another worker feeds them."""
        with self._database.reading() as session:
            replays = SqlReplays(session, EVERYBODY).in_need(limit)
        return replays if replays and self._lease.hold() else ()

    def open(self, replay: Replay) -> BusPastFacts | None:
        """See `ReplayDesk`. Raises BusError."""
        if replay.stretches is not None:
            return BusPastFacts(self._bus(), replay.stretches)
        arrived = self._on_their_way.have_arrived(replay.until)
        stretches = stretches_since(self._bus(), replay.since) if arrived else None
        with self._database.transaction() as session:
            replays = SqlReplays(session, EVERYBODY)
            replays.postpone(replay) if stretches is None else replays.begin(replay, stretches)
        return None

    def feed(self, replay: Replay, chunk: Chunk) -> bool:
        """Put a chunk into the lane; False when the replay is not what it was."""
        with self._database.transaction() as session:
            told = Chunk(self._living(session, chunk.facts), chunk.stretches)
            return feed_replay(replay, told, SqlReplays(session, EVERYBODY))

    def leave(self) -> None:
        """Let another worker feed them."""
        self._lease.release()
