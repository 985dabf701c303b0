"""Transactions over score runs, and the customers that they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from services.scoring.adapters.sql.customers import read_customers
from services.scoring.adapters.sql.runs import SqlRuns, any_unfinished
from services.scoring.use_cases.ports import Customer
from shared.erased_names import ErasedNames
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.troubles import is_trouble


class SqlStorage:
    """A Storage."""

    def __init__(self, database: Database, outbox: Outbox, names: Callable[[Session], ErasedNames]) -> None:
        self._database = database
        self._outbox = outbox
        self._names = names

    def is_trouble(self, error: Exception) -> bool:
        return is_trouble(error)

    @contextmanager
    def transaction(self) -> Iterator[SqlRuns]:
        with self._database.transaction() as session:
            yield SqlRuns(session, self._names(session), self._outbox)

    def waiting(self) -> bool:
        """Whether a run is not over; a look that locks nothing."""
        with self._database.reading() as session:
            return any_unfinished(session)

    @contextmanager
    def customers(self, *, until: datetime) -> Iterator[Iterator[Customer]]:
        with self._database.reading() as session:
            yield read_customers(session, until=until)
