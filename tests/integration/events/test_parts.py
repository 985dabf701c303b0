"""Touchpoints in parts on SQLite: which part is next, and that each index is read and none walked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from services.events.adapters.sql.parts import current_part, of_subject, parts
from services.events.adapters.sql.stored_touchpoints import latest_touchpoints
from services.events.adapters.sql.tables import touchpoints
from services.events.adapters.sql.timeline_reading import Position, SqliteReading, TimelineFilter
from services.events.bootstrap import MIGRATIONS
from shared.sql.database import Database
from tests.integration.events.store import keep, touchpoint
from tests.support.databases import sqlite_database

NOON = datetime(2020, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_database(tmp_path / "events.db", MIGRATIONS))
    yield made
    made.dispose()


def move(database: Database, rowid: int) -> None:
    """Let the last touchpoint have been the `rowid`-th."""
    with database.transaction() as session:
        session.execute(
            text(f"UPDATE touchpoints SET rowid = {rowid} WHERE rowid = (SELECT max(rowid) FROM touchpoints)")
        )


def test_a_part_ends_after_so_many_touchpoints(database: Database) -> None:
    with database.reading() as session:
        assert (current_part(session), list(session.scalars(parts()))) == (0, [])
    for rowid in (1, 131_072, 5_000_000):
        keep(database, [touchpoint(NOON)])
        move(database, rowid)
    keep(database, [touchpoint(NOON)])
    with database.reading() as session:
        assert list(session.scalars(parts())) == [0, 1, 38]
        assert len(latest_touchpoints(session, subject="user_id:u", message_id=None, limit=9, before=None)) == 4


@pytest.mark.parametrize(
    "wanted", [TimelineFilter(), TimelineFilter(channel="web", since=NOON), TimelineFilter(name="x")]
)
@pytest.mark.parametrize("after", [None, (NOON, "0")])
def test_a_page_is_read_along_the_index(database: Database, wanted: TimelineFilter, after: Position | None) -> None:
    with database.reading() as session:
        reading = SqliteReading(session, ["user_id:u", "anonymous_id:a"], wanted, after, limit=51)
        pages = reading.newest(), reading.ends_of_windows(Counter())
        of_one = select(touchpoints.c.id).where(of_subject(session, "user_id:u"))
        plans = [plan_of(session, statement) for statement in (*pages, of_one)]
    for plan in plans:
        assert "(part=?)" not in plan
        assert "ix_touchpoints_part_subject_time (part=? AND subject=?" in plan
        assert "SCAN touchpoints" not in plan


def plan_of(session: Session, statement: Select[Any]) -> str:
    compiled = statement.compile(dialect=session.get_bind().dialect)
    values = (None,) * len(compiled.positiontup or ())  # nothing is run, so any value will do
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
    return "\n".join(row.detail for row in rows)
