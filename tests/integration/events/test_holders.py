"""Rows that workers hold are let go of when they end, and when they were killed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, DateTime, MetaData, String, Table, insert, select

from services.events.adapters.sql.holders import Holder
from shared.sql.database import Database

rows = Table("rows", MetaData(), Column("held_by", String), Column("held_until", DateTime))


def holders(database: Database) -> set[str | None]:
    with database.reading() as session:
        return set(session.scalars(select(rows.c.held_by)))


def test_rows_that_a_killed_process_held_are_free_when_another_begins(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/held.db")
    rows.create(database.engine)
    living = Holder(database, rows)
    living.begin()
    killed = tmp_path / "alive" / "rows.other"
    killed.touch()  # as it is left: nobody holds its lock
    with database.transaction() as session:
        session.execute(insert(rows), [{"held_by": living.id}, {"held_by": "other"}, {"held_by": "of another machine"}])
    Holder(database, rows).begin()
    assert not killed.exists(), "what was taken over leaves nothing behind"
    assert holders(database) == {living.id, None, "of another machine"}
    living.end()
    assert holders(database) == {None, "of another machine"}
    database.dispose()
