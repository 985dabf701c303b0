"""Forgetting messages row by row: on SQLite all of them, on PostgreSQL those of days that have no partition."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, tuple_

from services.events.adapters.sql.tables import seen_messages
from services.events.domain.duplicates import REMEMBERED_DAYS
from shared.sql.database import Database

_AT_ONCE = 20_000


def forget_messages(database: Database, *, today: int) -> None:
    """Drop the buckets in which no duplicate is looked for any more, so many at once that writers wait little."""
    c = seen_messages.c
    key = tuple_(c.bucket, c.hash)
    some = select(c.bucket, c.hash).where(c.bucket < today - REMEMBERED_DAYS).limit(_AT_ONCE)
    forgotten = _AT_ONCE
    while forgotten == _AT_ONCE:
        with database.transaction() as session:
            done = session.execute(delete(seen_messages).where(key.in_(some)))
            forgotten = cast(CursorResult[Any], done).rowcount
