"""Who holds rows of a table that is worked off by many, each row until `held_until` by the database's clock."""

from __future__ import annotations

from sqlalchemy import Table, select, update

from shared.ids import new_id
from shared.sql.database import Database


class Holder:
    """One worker among those who hold rows of `table`, which has the columns `held_by` and `held_until`."""

    def __init__(self, database: Database, table: Table) -> None:
        self.id = new_id()
        self._database = database
        self._table = table
        self._has_begun = False

    def begin(self) -> None:
        """At the first call be seen to live, and let go of what the dead of this machine held.

        Raises sqlalchemy.exc.DBAPIError; then the next call is the first.
        """
        if self._has_begun:
            return
        self._database.signs.give(self.id)
        c = self._table.c
        with self._database.reading() as session:
            holders = session.scalars(select(c.held_by).where(c.held_by.is_not(None)).distinct()).all()
        if dead := [holder for holder in holders if self._database.signs.has_died(holder)]:
            with self._database.transaction() as session:
                theirs = update(self._table).where(c.held_by.in_(dead))
                session.execute(theirs.values(held_by=None, held_until=None))
        for each in dead:
            self._database.signs.remove(each)
        self._has_begun = True

    def end(self) -> None:
        """Let go of everything that is still held. Raises sqlalchemy.exc.DBAPIError."""
        with self._database.transaction() as session:
            mine = update(self._table).where(self._table.c.held_by == self.id)
            session.execute(mine.values(held_by=None, held_until=None))
        self._database.signs.remove(self.id)
