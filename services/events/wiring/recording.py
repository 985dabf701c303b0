"""The part of events' wiring that is about recording what the ingest topic brings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy.orm import Session

from services.events.adapters.bus.refused_calls import RefusedCalls
from services.events.adapters.bus.touchpoints_out import Packed, TouchpointsOut
from services.events.adapters.sql.inbound.deliveries import SqlDeliveries
from services.events.adapters.sql.sources import SqlSources
from services.events.adapters.sql.touchpoints import SqlTouchpoints, TouchpointRows
from services.events.domain.duplicates import bucket_of
from services.events.domain.owners import EVERYBODY
from services.events.use_cases.accept_calls import CallLimits
from services.events.use_cases.inbound.map_webhooks import map_webhooks
from services.events.use_cases.ports import Draft, Seen
from services.events.use_cases.record_touchpoints import ReadCalls, Recording, read_calls, record_touchpoints
from services.events.wiring.erasure import ErasureWiring
from services.events.wiring.plans import PlanWiring
from services.events.wiring.storage import StorageWiring
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1
from shared.contracts.topics import INGEST
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.isolation import Effect
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

INGEST_CONSUMER = "events.ingest"
_RECORDS_A_BATCH = 15_000
_BYTES_A_BATCH = 8_000_000  # some 15,000 calls: enough to share the pages of an index among, and held in memory as read
_encode = msgspec.json.Encoder().encode


class RecordingWiring:
    """What recording touchpoints is made of."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        dead_letters: DeadLetters,
        *,
        limits: CallLimits,
        plans: PlanWiring,
        storage: StorageWiring,
        erasing: ErasureWiring,
        clock: Clock,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._limits = limits
        self._plans = plans
        self._storage = storage
        self._erasing = erasing
        self._clock = clock
        self._rows = TouchpointRows(database.engine.dialect)

    def subscription(self) -> Subscription:
        """What becomes touchpoints."""
        return Subscription(
            consumer=INGEST_CONSUMER,
            topics=(INGEST,),
            handle=self.record,
            prepare=self.prepare,
            max_records=_RECORDS_A_BATCH,
            max_bytes=_BYTES_A_BATCH,
        )

    def record(self, session: Session, facts: Sequence[Contract]) -> None:
        """Record what the ingest topic brought, in the transaction of `session`."""
        refusals = self._refusals(session)
        received = map_webhooks(facts, SqlDeliveries(session), refusals, limits=self._limits)
        currencies = SqlSources(session, EVERYBODY).default_currencies()
        self._record(session, read_calls(received, currencies, draft=self._draft))

    def prepare(self, facts: Sequence[Contract]) -> Effect:
        """Read calls before their transaction; webhooks become calls only in one."""
        received = [fact for fact in facts if isinstance(fact, IngestReceivedV1)]
        if len(received) < len(facts):
            return partial(self.record, facts=facts)
        with self._database.reading() as session:
            currencies = SqlSources(session, EVERYBODY).default_currencies()
        read = read_calls(received, currencies, draft=self._draft)
        return partial(self._record, read=read, packed=Packed([call.draft.event for call in read.calls]))

    def forget_deliveries(self) -> None:
        """Forget partners' webhooks whose repetitions are no longer looked for."""
        with self._database.transaction() as session:
            SqlDeliveries(session).forget(today=bucket_of(self._clock()))

    def _record(self, session: Session, read: ReadCalls, packed: Packed | None = None) -> None:
        recording = Recording(
            draft=self._draft,
            touchpoints=SqlTouchpoints(session, self._storage.seen),
            plans=self._plans.checks(session),
            out=TouchpointsOut(session, self._outbox, packed),
            refusals=self._refusals(session),
            erased=self._erasing.names(session),
        )
        record_touchpoints(read, recording)

    def _refusals(self, session: Session) -> RefusedCalls:
        return RefusedCalls(session, self._dead_letters, consumer=INGEST_CONSUMER)

    def _draft(self, touchpoint: TouchpointRecordedV1, seen: Seen) -> Draft:
        document = _encode(touchpoint)
        told = self._outbox.event(touchpoint, document, event_id=touchpoint.touchpoint_id, time=touchpoint.received_at)
        return Draft(touchpoint, self._rows.row(touchpoint, document), told, seen)
