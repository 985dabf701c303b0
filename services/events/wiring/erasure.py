"""The part of events' wiring that is about erasing customers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from services.events.adapters.sql.erasure.erasures import SqlErasures
from services.events.adapters.sql.erasure.sweep import Sweep
from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.settings import EventsSettings
from services.events.use_cases.follow_profiles import follow_profiles
from shared.clock import Clock
from shared.contracts.about import moment_of, names_in
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1, ProfilesMergedV1
from shared.erased_names import ErasedNames, NameHash
from shared.sql.advisory_locks import hold
from shared.sql.database import Database

_ONE_MERGES = 8_104_002
"""Two merges that share a profile may be told on two partitions; the second must see where the first leads."""


class ErasureWiring:
    """What erasing customers is made of."""

    def __init__(self, settings: EventsSettings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self.sweep = Sweep(database, clock=clock, archives=settings.archive_folder is not None)

    @cached_property
    def hashed(self) -> NameHash:
        """What hashes the names of erased customers."""
        return NameHash.of(self._settings)

    def names(self, session: Session) -> ErasedNames:
        """Who was erased, in the transaction of `session`."""
        return ErasedNames(session, self.hashed)

    def living(self, session: Session, facts: Sequence[Contract]) -> list[Contract]:
        """The facts that are not about erased customers."""
        return self.names(session).without(facts, names=names_in, moment=moment_of)

    def living_now(self, facts: Sequence[Contract]) -> list[Contract]:
        """The same in a transaction of its own."""
        with self._database.reading() as session:
            return self.living(session, facts)

    def follow(self, session: Session, facts: Sequence[Contract]) -> None:
        """Take over what profile tells of identities and erasures, in the transaction of `session`."""
        hold(session, _ONE_MERGES, shared=not any(isinstance(fact, ProfilesMergedV1) for fact in facts))
        erasures = SqlErasures(session, self.hashed)
        for fact in facts:
            if isinstance(fact, ProfileErasedV1):
                erasures.erase(fact, now=self._clock())
        follow_profiles(self.living(session, facts), SqlIdentityMap(session))
