"""All of profile's storage in one transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.profile.adapters.sql.erasures import SqlErasures
from services.profile.adapters.sql.identities import SqlIdentities
from services.profile.adapters.sql.orders import SqlOrders
from services.profile.adapters.sql.profiles import SqlProfiles
from services.profile.adapters.sql.scores import SqlScores
from services.profile.adapters.sql.segments import SqlSegments
from services.profile.adapters.sql.traits import SqlTraits
from shared.erased_names import NameHash
from shared.sql.advisory_locks import hold

_ONE_WRITER = 8_101_001


class SqlWork:
    """`use_cases.ports.Work`. Opening it waits until nobody else writes.

    Two events on different partitions can be about one customer, so identity is resolved by one transaction at a time;
    what makes that quick is that a transaction takes a whole batch. SQLite has one writer anyway.
    """

    def __init__(self, session: Session, hashed: NameHash) -> None:
        hold(session, _ONE_WRITER)
        self.identities = SqlIdentities(session)
        self.profiles = SqlProfiles(session)
        self.traits = SqlTraits(session)
        self.orders = SqlOrders(session)
        self.scores = SqlScores(session)
        self.segments = SqlSegments(session)
        self.erasures = SqlErasures(session, hashed)
