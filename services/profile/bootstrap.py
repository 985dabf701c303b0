"""The one place where profile is wired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy.orm import Session

from services.profile.adapters.phone_numbers import read_e164
from services.profile.adapters.sql.work import SqlWork
from services.profile.settings import ProfileSettings
from services.profile.use_cases.answer_campaigns import answer_campaigns
from services.profile.use_cases.apply_scores import ApplyScores
from services.profile.use_cases.apply_touchpoints import ApplyTouchpoints
from services.profile.use_cases.edit_segments import EditSegments
from services.profile.use_cases.erase_profile import EraseProfile
from services.profile.use_cases.refresh_segment import RefreshSegment
from services.profile.use_cases.set_traits import SetTraits
from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.clock import Clock, utc_now
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.messaging import AudienceWantedV1
from shared.contracts.scoring import ScoreComputedV1, ScoreWithdrawnV1
from shared.contracts.topics import AUDIENCES, SCORES, TOUCHPOINTS
from shared.erased_names import NameHash
from shared.ids import new_id
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

SOURCE = "rapport/profile"
MIGRATIONS = "services.profile.migrations"
_RECORDS_A_BATCH = 40  # each may hold two hundred touchpoints; the batch is one transaction


class Wiring:
    """Everything a process of profile is made of."""

    def __init__(self, settings: ProfileSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.profile_database_url)
        self.outbox = Outbox(SOURCE, clock)
        self.dead_letters = DeadLetters("profile", self.outbox, clock)
        self.apply_touchpoints = ApplyTouchpoints(read_phone=self.read_phone, clock=clock)
        self.apply_scores = ApplyScores(clock=clock)
        self.set_traits = SetTraits(read_phone=self.read_phone, clock=clock, new_id=new_id)
        self.erase_profile = EraseProfile(clock=clock, new_id=new_id)
        self.edit_segments = EditSegments(clock=clock, new_id=new_id)
        self.refresh_segment = RefreshSegment(clock=clock)

    @cached_property
    def bus(self) -> Bus:
        """The event bus that settings name."""
        return open_bus(self.settings.bus_url)

    @cached_property
    def name_hash(self) -> NameHash:
        """What hashes the names of erased customers."""
        return NameHash.of(self.settings)

    def work(self, session: Session) -> SqlWork:
        """Profile's storage in the transaction of `session`."""
        return SqlWork(session, self.name_hash)

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, SqlWork]]:
        """A transaction and profile's storage in it."""
        with self.database.transaction() as session:
            yield session, self.work(session)

    def read_phone(self, text: str, region: str | None) -> str | None:
        """E.164 of a telephone number, with the region that settings name where the caller knows none."""
        return read_e164(text, region or self.settings.profile_default_region)

    def subscriptions(self) -> Sequence[Subscription]:
        """What profile reads from the bus."""
        return (
            Subscription(
                consumer="profile.touchpoints",
                topics=(TOUCHPOINTS,),
                handle=self.handle_touchpoints,
                max_records=_RECORDS_A_BATCH,
            ),
            Subscription(
                consumer="profile.scores", topics=(SCORES,), handle=self.handle_scores, max_records=_RECORDS_A_BATCH
            ),
            Subscription(consumer="profile.audiences", topics=(AUDIENCES,), handle=self.handle_audiences),
        )

    def handle_touchpoints(self, session: Session, facts: Sequence[Contract]) -> None:
        """Take in what events recorded, in the transaction of `session`."""
        touchpoints = [fact for fact in facts if isinstance(fact, TouchpointRecordedV1)]
        self.outbox.add(session, self.apply_touchpoints(self.work(session), touchpoints))

    def handle_scores(self, session: Session, facts: Sequence[Contract]) -> None:
        """Take in what scoring computed and withdrew, in the transaction of `session`."""
        told = [fact for fact in facts if isinstance(fact, (ScoreComputedV1, ScoreWithdrawnV1))]
        self.outbox.add(session, self.apply_scores(self.work(session), told))

    def handle_audiences(self, session: Session, facts: Sequence[Contract]) -> None:
        """Answer the campaigns that messaging launched, in the transaction of `session`."""
        wanted = [fact for fact in facts if isinstance(fact, AudienceWantedV1)]
        self.outbox.add(session, answer_campaigns(self.work(session), wanted))
