"""The one place where events is wired."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from services.events.adapters.bus.ingest_log import SOURCE
from services.events.adapters.sql.sources import SqlSources
from services.events.domain.owners import EVERYBODY
from services.events.settings import EventsSettings
from services.events.use_cases.keep_sources import digest_of
from services.events.use_cases.ports import Source
from services.events.wiring.archive import ArchiveWiring
from services.events.wiring.erasure import ErasureWiring
from services.events.wiring.imports import ImportWiring
from services.events.wiring.plans import PlanWiring
from services.events.wiring.recording import RecordingWiring
from services.events.wiring.replays import ReplayWiring
from services.events.wiring.storage import StorageWiring
from services.events.wiring.webhooks import WebhookWiring
from shared.auth.keys import Caller
from shared.bus.opening import open_bus
from shared.bus.ports import Bus, Publisher
from shared.clock import Clock, utc_now
from shared.contracts.topics import PROFILES
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

MIGRATIONS = "services.events.migrations"
DEVELOPMENT_SOURCE = "00000000-0000-7000-8000-000000000001"
"""The source of `RAPPORT_DEV_WRITE_KEY`, the same on every machine."""


class Wiring:
    """Everything a process of events is made of, each part made when it is first needed."""

    def __init__(self, settings: EventsSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.events_database_url, page_bytes=settings.page_bytes)
        self.outbox = Outbox(SOURCE, clock)
        self.dead_letters = DeadLetters("events", self.outbox, clock)
        self.erasing = ErasureWiring(settings, self.database, clock)
        self.webhooks = WebhookWiring(settings, self.database, self.outbox, self.erasing.living)
        self.replays = ReplayWiring(self.database, lambda: self.bus, self.erasing.living, clock)
        self.plans = PlanWiring(self.outbox, settings.call_limits, clock)
        self.imports = ImportWiring(settings, self.database, lambda: self.publisher, clock, erased=self.erasing.names)
        self.storage = StorageWiring(self.database, clock, self.imports.oldest_running)
        self.recording = RecordingWiring(
            self.database,
            self.outbox,
            self.dead_letters,
            limits=settings.call_limits,
            plans=self.plans,
            storage=self.storage,
            erasing=self.erasing,
            clock=clock,
        )
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
            self.recording.subscription(),
            Subscription(consumer="events.profiles", topics=(PROFILES,), handle=self.erasing.follow, max_records=200),
            self.webhooks.subscription(),
        )

    def close(self) -> None:
        """Let go of the bus; the application lets go of the database."""
        self.publisher.close()
        self.bus.close()
