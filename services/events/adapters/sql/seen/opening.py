"""What was seen, as one kind of database keeps it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from services.events.adapters.sql.seen.by_day import SeenByDay
from services.events.adapters.sql.seen.in_parts import SeenInParts
from services.events.use_cases.ports import Seen
from shared.sql.database import Database


class SeenMessages(Protocol):
    """The messages that were seen, for all transactions of a process."""

    def known(self, session: Session, hashes_by_day: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were seen before, on their day or one of its neighbours."""
        ...

    def add(self, session: Session, seen: Sequence[Seen]) -> None:
        """Remember messages that are not known. Raises sqlalchemy.exc.IntegrityError."""
        ...

    def buckets(self, session: Session) -> list[int]:
        """All values of `bucket` under which messages may stand."""
        ...

    def forget(self, database: Database, *, today: int) -> None:
        """Drop the days in which no duplicate is looked for any more, so many at once that writers wait little."""
        ...


def seen_messages_on(dialect: str) -> SeenMessages:
    """How a kind of database keeps them: many writers on PostgreSQL, one at a time on SQLite."""
    return SeenByDay() if dialect == "postgresql" else SeenInParts()
