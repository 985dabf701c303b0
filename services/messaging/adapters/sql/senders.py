"""Which senders are alive, by the database's clock."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import messages
from shared.ids import new_id
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.sql.plumbing import leases
from shared.sql.present import database_now

_PREFIX = "sender:"


class SenderExpired(Exception):
    """This sender was silent for too long: others may have taken over what it had begun."""


class Senders:
    """This sender among all. `stay_alive` is called every few seconds; after `seconds` of silence it counts as dead."""

    def __init__(self, database: Database, *, seconds: int = 15) -> None:
        self.me = new_id()
        self._signs = database.signs
        self._lease = Lease(database, _PREFIX + self.me, seconds=seconds, holder=self.me)

    def stay_alive(self) -> None:
        """Tell the database that this sender lives."""
        self._lease.hold()

    def leave(self) -> None:
        """End in an orderly way, with nothing begun."""
        self._lease.release()

    def check(self, session: Session) -> None:
        """Raise SenderExpired unless this sender counts as alive in the caller's transaction."""
        if self.me not in self._alive(session):
            raise SenderExpired("this sender was silent for too long")

    def dead(self, session: Session) -> frozenset[str]:
        """Senders that own messages, or left but a lease, and are not alive."""
        leased = session.scalars(select(leases.c.name).where(leases.c.name.startswith(_PREFIX)))
        known = {*session.scalars(_OWNERS), *(name.removeprefix(_PREFIX) for name in leased)}
        return frozenset(known) - self._alive(session)

    def forget(self, session: Session, senders: Collection[str]) -> None:
        """Drop the leases of senders whose messages were taken over."""
        session.execute(delete(leases).where(leases.c.name.in_([_PREFIX + each for each in senders])))
        for each in senders:
            self._signs.remove(each)

    def _alive(self, session: Session) -> frozenset[str]:
        now = int(database_now(session).timestamp())
        alive = select(leases.c.name).where(leases.c.name.startswith(_PREFIX), leases.c.expires_at > now)
        names = (name.removeprefix(_PREFIX) for name in session.execute(alive).scalars())
        return frozenset(name for name in names if not self._signs.has_died(name))


_OWNERS = select(messages.c.claimed_by).where(messages.c.claimed_by.is_not(None)).distinct()
