"""The one place where scoring is wired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits

from services.scoring.adapters.sql.customer_map import SqlCustomerMap
from services.scoring.adapters.sql.erasing import erase
from services.scoring.adapters.sql.order_ledger import SqlOrderLedger
from services.scoring.adapters.sql.storage import SqlStorage
from services.scoring.settings import ScoringSettings
from services.scoring.use_cases.follow_profiles import follow_profiles
from services.scoring.use_cases.record_orders import record_orders
from services.scoring.use_cases.request_run import request_due_run
from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.clock import Clock, utc_now
from shared.contracts.about import moment_of, names_in
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1
from shared.contracts.topics import PROFILES, TOUCHPOINTS
from shared.erased_names import ErasedNames, NameHash
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.leases import Lease

MIGRATIONS = "services.scoring.migrations"


class Wiring:
    """Everything a process of scoring is made of, each part made when it is first needed."""

    def __init__(self, settings: ScoringSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.scoring_database_url)
        self.outbox = Outbox("rapport/scoring", clock)
        self.dead_letters = DeadLetters("scoring", self.outbox, clock)
        self.storage = SqlStorage(self.database, self.outbox, self.names)
        self._started_at = clock()

    @cached_property
    def bus(self) -> Bus:
        """The event bus that settings name."""
        return open_bus(self.settings.bus_url)

    @cached_property
    def name_hash(self) -> NameHash:
        """What hashes the names of erased customers."""
        return NameHash.of(self.settings)

    def names(self, session: Session) -> ErasedNames:
        """Who was erased, in the transaction of `session`."""
        return ErasedNames(session, self.name_hash)

    def subscriptions(self) -> Sequence[Subscription]:
        """What scoring reads from the bus."""
        return (
            Subscription(consumer="scoring.touchpoints", topics=(TOUCHPOINTS,), handle=self.record),
            Subscription(consumer="scoring.profiles", topics=(PROFILES,), handle=self.follow),
        )

    def record(self, session: Session, facts: Sequence[Contract]) -> None:
        """Keep what touchpoints say of orders, in the transaction of `session`."""
        living = self.names(session).without(facts, names=names_in, moment=moment_of)
        record_orders(living, SqlOrderLedger(session))

    def follow(self, session: Session, facts: Sequence[Contract]) -> None:
        """Take over what profile tells of identities and erasures, in the transaction of `session`."""
        names = self.names(session)
        for fact in facts:
            if isinstance(fact, ProfileErasedV1):
                erase(session, fact, names)
        follow_profiles(names.without(facts, names=names_in, moment=moment_of), SqlCustomerMap(session))

    @cached_property
    def run_lease(self) -> Lease:
        """Held by the one worker that does runs; its schedule loop renews it while a run computes."""
        return Lease(self.database, "score-runs")

    def perform_next_run(self, *, ending: Callable[[], bool] = lambda: False) -> bool:
        """Do the oldest run that is not over, if this worker may, and as far as it gets; whether there was any.

        `ending` is asked between slices; what is left when it says so, another worker does.
        """
        if not (self.storage.waiting() and self.run_lease.hold()):
            return False
        # The models bring SciPy with them, and a process that computes nothing does without it.
        from services.scoring.use_cases.perform_run import perform_next_run

        with threadpool_limits(1):  # on few cores, threads of one small matrix product wait for each other
            return perform_next_run(
                self.storage,
                clock=self.clock,
                still_mine=lambda: not ending() and self.run_lease.hold(),
                keep_runs=self.settings.scoring_keep_runs,
            )

    def request_due_run(self) -> None:
        """Queue a run when one is due, if this worker may."""
        if self.run_lease.hold():
            every = timedelta(hours=self.settings.scoring_run_every_hours)
            request_due_run(self.storage, every=every, idle_since=self._started_at, clock=self.clock)
