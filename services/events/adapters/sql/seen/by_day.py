"""Messages that were seen, on PostgreSQL: a bucket for each day, most of them a partition of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, tuple_
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import seen_messages
from services.events.domain.duplicates import REMEMBERED_DAYS, buckets_near
from services.events.use_cases.ports import Seen
from shared.sql.bulk import insert_rows, values_present
from shared.sql.database import Database

_AT_ONCE = 20_000
_c = seen_messages.c


class SeenByDay:
    """Any number of processes add to a day at the same time."""

    def known(self, session: Session, hashes_by_day: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were seen before, on their day or one of its neighbours."""
        found: set[bytes] = set()
        for day, hashes in hashes_by_day.items():
            found |= values_present(session, _c.hash, hashes, within=(_c.bucket, buckets_near(day)))
        return found

    def add(self, session: Session, seen: Sequence[Seen]) -> None:
        """Remember messages, in the order of the index, so that each of its pages is visited once."""
        insert_rows(session, tuple(_c), sorted(seen))

    def buckets(self, session: Session) -> list[int]:
        """The days of which messages are remembered."""
        return list(session.scalars(select(_c.bucket).distinct()))

    def forget(self, database: Database, *, today: int) -> None:
        """Drop, row by row, what is left of past days when partitions are gone: those of days that have none."""
        some = select(_c.bucket, _c.hash).where(_c.bucket < today - REMEMBERED_DAYS).limit(_AT_ONCE)
        forgotten = _AT_ONCE
        while forgotten == _AT_ONCE:
            with database.transaction() as session:
                done = session.execute(delete(seen_messages).where(tuple_(_c.bucket, _c.hash).in_(some)))
                forgotten = cast(CursorResult[Any], done).rowcount
