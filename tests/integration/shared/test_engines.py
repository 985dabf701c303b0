"""How databases are opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from shared.sql.database import Database
from shared.sql.troubles import is_trouble


def test_a_new_file_has_pages_of_the_size_that_was_asked_for(tmp_path: Path) -> None:
    assert _page_bytes(Database(f"sqlite:///{tmp_path}/new.db", page_bytes=16_384)) == 16_384


def test_a_file_that_was_there_keeps_its_pages(tmp_path: Path) -> None:
    assert _page_bytes(Database(f"sqlite:///{tmp_path}/old.db")) == 4_096
    assert _page_bytes(Database(f"sqlite:///{tmp_path}/old.db", page_bytes=16_384)) == 4_096


def test_the_log_grows_to_the_same_length_with_pages_of_any_size(tmp_path: Path) -> None:
    lengths = {_log_bytes(Database(f"sqlite:///{tmp_path}/{each}.db", page_bytes=each)) for each in (4_096, 16_384)}
    assert lengths == {128 * 1024 * 1024}


def test_no_free_connection_is_told_as_a_database_that_does_not_answer(database: Database) -> None:
    crowded = create_engine("sqlite:///", poolclass=type(database.engine.pool), pool_timeout=0.01, max_overflow=0)
    held = [crowded.connect() for _ in range(5)]
    with pytest.raises(OperationalError, match="limit") as refused:
        crowded.connect()
    assert is_trouble(refused.value)
    held.pop().close()
    crowded.connect().close()
    crowded.dispose()


def _log_bytes(database: Database) -> int:
    return _page_bytes(database) * _asked(database, "PRAGMA wal_autocheckpoint")


def _page_bytes(database: Database) -> int:
    with database.transaction() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS notes (id INTEGER)"))
    return _asked(database, "PRAGMA page_size")


def _asked(database: Database, question: str) -> int:
    with database.transaction() as session:
        return int(session.execute(text(question)).scalar_one())
