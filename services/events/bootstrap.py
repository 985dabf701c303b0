"""The one place where events is wired."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial

import msgspec
from sqlalchemy.orm import Session

from services.events.adapters.bus.ingest_log import SOURCE
from services.events.adapters.bus.touchpoints_out import Packed, TouchpointsOut
from services.events.adapters.sql.inbound.deliveries import SqlDeliveries
from services.events.adapters.sql.parts import PAGE_BYTES
from services.events.adapters.sql.sources import SqlSources
from services.events.adapters.sql.touchpoints import SqlTouchpoints, TouchpointRows
from services.events.domain.duplicates import bucket_of
from services.events.settings import EventsSettings
from services.events.use_cases.inbound.map_webhooks import map_webhooks
from services.events.use_cases.keep_sources import digest_of
from services.events.use_cases.owners import EVERYBODY
from services.events.use_cases.ports import Draft, Seen, Source
from services.events.use_cases.record_touchpoints import ReadCalls, Recording, read_calls, record_touchpoints
from services.events.wiring.archive import ArchiveWiring, ErasureWiring
from services.events.wiring.imports import ImportWiring
from services.events.wiring.plans import PlanWiring
from services.events.wiring.replays import ReplayWiring
from services.events.wiring.storage import StorageWiring
from services.events.wiring.webhooks import WebhookWiring
from shared.auth.keys import Caller
from shared.bus.cloudevents import Event
from shared.bus.opening import open_bus
from shared.bus.ports import Bus, BusUnavailable, Publisher
from shared.clock import Clock, utc_now
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.topics import ALL, INGEST, PROFILES
from shared.ids import new_id
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.isolation import Effect
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

MIGRATIONS = "services.events.migrations"
DEVELOPMENT_SOURCE = "00000000-0000-7000-8000-000000000001"
"""The source of `RAPPORT_DEV_WRITE_KEY`, the same on every machine."""
INGEST_CONSUMER = "events.ingest"
_RECORDS_A_BATCH = 15_000
_BYTES_A_BATCH = 8_000_000  # some 15,000 calls: enough to share the pages of an index among, and held in memory as read
_RETRY_S = 2.0
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger(__name__)


class Wiring:
    """Everything a process of events is made of, each part made when it is first needed."""

    def __init__(self, settings: EventsSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.events_database_url, page_bytes=PAGE_BYTES)
        self.outbox = Outbox(SOURCE, clock)
        self.dead_letters = DeadLetters("events", self.outbox, clock)
        self.erasing = ErasureWiring(settings, self.database, clock)
        self.webhooks = WebhookWiring(settings, self.database, self.outbox, self.erasing.living)
        self.replays = ReplayWiring(self.database, lambda: self.bus, self.erasing.living)
        self.plans = PlanWiring(self.outbox, settings.call_limits, clock)
        self.imports = ImportWiring(settings, self.database, lambda: self.publisher, clock)
        self.storage = StorageWiring(self.database, clock, self.imports.oldest_start)
        self._rows = TouchpointRows(self.database.engine.dialect)
        self._sending_callers: set[str] = set()

    @cached_property
    def bus(self) -> Bus:
        """The event bus that settings name."""
        return open_bus(self.settings.bus_url)

    @cached_property
    def publisher(self) -> Publisher:
        """The publisher of this process."""
        return self.bus.publisher()

    @cached_property
    def archive(self) -> ArchiveWiring | None:
        """The archive, in settings that have one."""
        root = self.settings.archive_folder
        if root is None:
            return None
        return ArchiveWiring(
            root,
            settings=self.settings,
            database=self.database,
            dead_letters=self.dead_letters,
            hashed=self.erasing.hashed,
            clock=self.clock,
        )

    def create_topics(self, stop: threading.Event) -> None:
        """Create the topics that are missing as soon as the bus answers; what needs them retries until then."""
        while not stop.is_set():
            try:
                self.bus.create_topics(ALL)
            except BusUnavailable as error:
                _log.warning("the bus does not answer yet", extra={"reason": str(error)})
                stop.wait(_RETRY_S)
            else:
                return

    def find_source(self, write_key: str) -> str | None:
        """The id of the source that a live write key belongs to; settings may name one for development."""
        named = self.settings.dev_write_key
        if named is not None and named.get_secret_value() == write_key:
            with self.database.transaction() as session:
                SqlSources(session, EVERYBODY).add(Source(DEVELOPMENT_SOURCE, "development", self.clock()))
            return DEVELOPMENT_SOURCE
        with self.database.reading() as session:
            return SqlSources(session, EVERYBODY).source_of_key(digest_of(write_key))

    def source_of_caller(self, caller: Caller) -> str:
        """The id of the source that an owner of API keys is, made when a key of theirs first sends."""
        owner = caller.owner
        if owner not in self._sending_callers:
            with self.database.transaction() as session:
                SqlSources(session, EVERYBODY).add(Source(owner, f"API key {owner}", self.clock(), owner=owner))
            self._sending_callers.add(owner)
        return owner

    def subscriptions(self) -> Sequence[Subscription]:
        """What events reads from the bus."""
        return (
            Subscription(
                consumer=INGEST_CONSUMER,
                topics=(INGEST,),
                handle=self.record,
                prepare=self.prepare,
                max_records=_RECORDS_A_BATCH,
                max_bytes=_BYTES_A_BATCH,
            ),
            Subscription(consumer="events.profiles", topics=(PROFILES,), handle=self.erasing.follow, max_records=200),
            self.webhooks.subscription(),
        )

    def record(self, session: Session, facts: Sequence[Contract]) -> None:
        """Record what the ingest topic brought, in the transaction of `session`."""
        refusals = _Refusals(session, self.dead_letters)
        received = map_webhooks(facts, SqlDeliveries(session), refusals, limits=self.settings.call_limits)
        currencies = SqlSources(session, EVERYBODY).default_currencies()
        self._record(session, read_calls(received, currencies, draft=self._draft))

    def prepare(self, facts: Sequence[Contract]) -> Effect:
        """Read calls before their transaction; webhooks become calls only in one."""
        received = [fact for fact in facts if isinstance(fact, IngestReceivedV1)]
        if len(received) < len(facts):
            return partial(self.record, facts=facts)
        with self.database.reading() as session:
            currencies = SqlSources(session, EVERYBODY).default_currencies()
        read = read_calls(received, currencies, draft=self._draft)
        return partial(self._record, read=read, packed=Packed([call.draft.event for call in read.calls]))

    def _record(self, session: Session, read: ReadCalls, packed: Packed | None = None) -> None:
        recording = Recording(
            draft=self._draft,
            touchpoints=SqlTouchpoints(session, self.storage.seen),
            plans=self.plans.checks(session),
            out=TouchpointsOut(session, self.outbox, packed),
            refusals=_Refusals(session, self.dead_letters),
            erased=self.erasing.names(session),
        )
        record_touchpoints(read, recording)

    def _draft(self, touchpoint: TouchpointRecordedV1, seen: Seen) -> Draft:
        document = _encode(touchpoint)
        told = self.outbox.event(touchpoint, document, event_id=touchpoint.touchpoint_id, time=touchpoint.received_at)
        return Draft(touchpoint, self._rows.row(touchpoint, document), told, seen)

    def forget_deliveries(self) -> None:
        """Forget partners' webhooks whose repetitions are no longer looked for."""
        with self.database.transaction() as session:
            today = bucket_of(self.clock())
            SqlDeliveries(session).forget(today=today)

    def close(self) -> None:
        """Let go of the bus; the application lets go of the database."""
        self.publisher.close()
        self.bus.close()


class _Refusals:
    """Dead letters of single calls and of webhooks in one transaction."""

    def __init__(self, session: Session, dead_letters: DeadLetters) -> None:
        self._session = session
        self._dead_letters = dead_letters

    def add(self, received: IngestReceivedV1, reason: str) -> None:
        self._keep(received, received.received_at, reason)

    def add_webhook(self, received: IngestWebhookReceivedV1, reason: str) -> None:
        self._keep(received, received.received_at, reason)

    def _keep(self, received: Contract, received_at: datetime, reason: str) -> None:
        event = Event(
            id=new_id(),
            source=SOURCE,
            type=received.event_type,
            time=received_at,
            data=msgspec.json.encode(received),
            traceparent=received.traceparent,
        )
        self._dead_letters.add(
            self._session, event, consumer=INGEST_CONSUMER, topic=INGEST.name, reason=reason, attempts=1
        )
