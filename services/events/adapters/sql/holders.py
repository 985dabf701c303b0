"""Who holds rows of a table that is worked off by many, each row until `held_until` by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, update

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
        signs = self._database.signs
        signs.give(self._sign(self.id))
        if dead := signs.dead(self._table.name):
            self._let_go(dead)
        for each in dead:
            signs.remove(self._sign(each))
        self._has_begun = True

    def end(self) -> None:
        """Let go of everything that is still held. Raises sqlalchemy.exc.DBAPIError."""
        self._let_go([self.id])
        self._database.signs.remove(self._sign(self.id))

    def _let_go(self, holders: Sequence[str]) -> None:
        with self._database.transaction() as session:
            theirs = update(self._table).where(self._table.c.held_by.in_(holders))
            session.execute(theirs.values(held_by=None, held_until=None))

    def _sign(self, holder: str) -> str:
        return f"{self._table.name}.{holder}"
