"""Leases: at most one process at a time does a job, by the database's own clock."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Integer, cast, delete, func, select
from sqlalchemy.orm import Session

from shared.ids import new_id
from shared.sql.database import Database
from shared.sql.plumbing import leases
from shared.sql.upsert import insert_for


class Lease:
    """A named lease that this process tries to hold; a holder that dies, or stays silent for `seconds`, loses it.

    That it has died is seen at once on one machine, and by its silence elsewhere.
    """

    def __init__(self, database: Database, name: str, *, seconds: int = 15, holder: str | None = None) -> None:
        self._database = database
        self._name = name
        self._seconds = seconds
        self._holder = holder or new_id()

    def hold(self) -> bool:
        """Take or renew the lease; False while another holds it."""
        self._database.signs.give(self._holder)
        with self._database.transaction() as session:
            self._bury_the_dead(session)
            now = session.scalar(select(_database_seconds(session))) or 0
            insert = insert_for(session, leases).values(
                name=self._name, holder=self._holder, expires_at=now + self._seconds
            )
            free = (leases.c.holder == self._holder) | (leases.c.expires_at <= now)
            session.execute(
                insert.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"holder": insert.excluded.holder, "expires_at": insert.excluded.expires_at},
                    where=free,
                )
            )
            return session.scalar(select(leases.c.holder).where(leases.c.name == self._name)) == self._holder

    def confirm(self, session: Session) -> bool:
        """Whether this process has the lease still; nobody else gets it before the transaction of `session` ends."""
        holder = select(leases.c.holder).where(leases.c.name == self._name).with_for_update()
        return session.scalar(holder) == self._holder

    def release(self) -> None:
        """Let another take it at once."""
        with self._database.transaction() as session:
            self._drop(session, self._holder)
        self._database.signs.remove(self._holder)

    def _bury_the_dead(self, session: Session) -> None:
        held_by = session.scalar(select(leases.c.holder).where(leases.c.name == self._name))
        if held_by is not None and self._database.signs.has_died(held_by):
            self._drop(session, held_by)
            self._database.signs.remove(held_by)

    def _drop(self, session: Session, holder: str) -> None:
        session.execute(delete(leases).where(leases.c.name == self._name, leases.c.holder == holder))


def _database_seconds(session: Session) -> ColumnElement[int]:
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.extract("epoch", func.clock_timestamp()), Integer)
    return cast(func.unixepoch(), Integer)
