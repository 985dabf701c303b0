"""Many rows in one statement, on each database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, func, select
from sqlalchemy.exc import IntegrityError

from shared.sql.bulk import bound, insert_rows, pieces, values_present
from shared.sql.database import Database
from shared.sql.types import UtcDateTime

_BYTEWISE = String(40).with_variant(String(40, collation="C"), "postgresql")
_metadata = MetaData()
notes = Table(
    "notes",
    _metadata,
    Column("id", _BYTEWISE, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("text", String(50)),
)
counted = Table("counted", _metadata, Column("id", Integer, primary_key=True), Column("part", Integer, nullable=False))
NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
ROWS = [
    (f"id-{n:05}", NOW, bytes([n % 256, 0, 255]), None if n % 3 else f"{n} %b ? 'quoted' 中文") for n in range(9_000)
]


@pytest.fixture
def filled(database: Database) -> Database:
    _metadata.create_all(database.engine)
    with database.transaction() as session:
        insert_rows(session, tuple(notes.c), bound(session, tuple(notes.c), ROWS))
    return database


def test_rows_come_back_as_they_went_in(filled: Database) -> None:
    with filled.reading() as session:
        assert [tuple(row) for row in session.execute(select(notes).order_by(notes.c.id))] == ROWS


def test_what_rows_share_stands_in_each_of_them(database: Database) -> None:
    _metadata.create_all(database.engine)
    for part, rows in ((7, [(n,) for n in range(9_000)]), (-8, [(n,) for n in range(9_000, 9_500)])):
        with database.transaction() as session:
            insert_rows(session, (counted.c.id,), rows, shared=(counted.c.part, part))
    with database.reading() as session:
        parts = session.execute(select(counted.c.part, func.count().label("rows")).group_by(counted.c.part))
        assert {each.part: each.rows for each in parts} == {7: 9_000, -8: 500}


def test_no_rows_are_no_statement(filled: Database) -> None:
    with filled.transaction() as session:
        insert_rows(session, tuple(notes.c), [])
        assert values_present(session, notes.c.id, [], within=(notes.c.text, ["x"])) == set()


def test_a_row_that_is_there_already_leaves_nothing_of_the_others(filled: Database) -> None:
    with pytest.raises(IntegrityError), filled.transaction() as session:
        insert_rows(session, tuple(notes.c), bound(session, tuple(notes.c), [("new", *ROWS[0][1:]), ROWS[0]]))
    with filled.reading() as session:
        assert session.scalar(select(notes.c.id).where(notes.c.id == "new")) is None


def test_an_error_does_not_tell_thousands_of_rows(filled: Database) -> None:
    with pytest.raises(IntegrityError) as refused, filled.transaction() as session:
        insert_rows(session, tuple(notes.c), bound(session, tuple(notes.c), ROWS))
    assert "INSERT INTO notes" in str(refused.value)
    assert len(str(refused.value)) < 2_000


def test_what_is_present_is_told_from_what_is_not(filled: Database) -> None:
    asked = [f"id-{n:05}" for n in range(1_000, 41_000)]
    with filled.reading() as session:
        found = values_present(session, notes.c.id, asked, within=(notes.c.hash, [ROWS[1_024][2], ROWS[0][2]]))
    assert found == {f"id-{n:05}" for n in range(1_024, 9_000, 256)}


@given(st.integers(0, 700), st.integers(1, 300))
def test_pieces_are_all_there_in_order_and_of_few_lengths(count: int, most: int) -> None:
    items = list(range(count))
    cut = list(pieces(items, most=most))
    assert [item for piece in cut for item in piece] == items
    halves = {most >> times for times in range(most.bit_length())}
    assert {len(piece) for piece in cut} <= halves
