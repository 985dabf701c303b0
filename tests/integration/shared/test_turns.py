"""Processes that share a SQLite file take turns in writing."""

from __future__ import annotations

import fcntl
import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.sql.database import Database

GREEDY = """
import sys
from sqlalchemy import text
from shared.sql.database import Database
database = Database(sys.argv[1])
print("ready", flush=True)
while True:
    with database.transaction() as session:
        session.execute(text("UPDATE counter SET value = value + 1"))
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/shared.db")
    with made.transaction() as session:
        session.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    yield made
    made.dispose()


@contextmanager
def greedy(database: Database) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes all the time."""
    command = [sys.executable, "-c", GREEDY, str(database.engine.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def count(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(text("SELECT value FROM counter")) or 0)


def test_who_writes_now_and_then_is_soon_let_in_by_who_writes_all_the_time(database: Database) -> None:
    waited: list[int] = []
    with greedy(database):
        while count(database) == 0:
            time.sleep(0.01)
        for _ in range(30):
            before = count(database)
            with database.transaction() as session:
                waited.append(int(session.scalar(text("SELECT value FROM counter")) or 0) - before)
                session.execute(text("UPDATE counter SET value = value + 1"))
        after = count(database)
    assert max(waited) < 100, waited  # commits of the other's
    assert after > 30 + sum(waited)


def test_a_writer_that_is_killed_leaves_its_turn(database: Database) -> None:
    with greedy(database) as process:
        process.kill()
    with database.transaction() as session:
        session.execute(text("UPDATE counter SET value = -1"))
    assert count(database) == -1


def test_a_writer_that_is_stopped_in_its_turn_is_passed_over(database: Database, tmp_path: Path) -> None:
    stopped = os.open(tmp_path / "shared.db-turn", os.O_CREAT | os.O_RDWR, 0o644)
    fcntl.flock(stopped, fcntl.LOCK_EX)
    with database.transaction() as session:
        session.execute(text("UPDATE counter SET value = 7"))
    os.close(stopped)
    assert count(database) == 7


class Burden:
    """Something large that a writer has in its hands while it waits for its turn."""


def test_who_waits_for_its_turn_lets_go_of_what_it_had_afterwards(database: Database) -> None:
    def write() -> weakref.ref[Burden]:
        burden = Burden()
        threading.Timer(0.05, other.rollback).start()
        with database.transaction() as session:
            session.execute(text("UPDATE counter SET value = -1"))
        return weakref.ref(burden)

    assert database.engine.url.database
    other = sqlite3.connect(database.engine.url.database, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    gc.disable()
    try:
        assert write()() is None
    finally:
        gc.enable()
        other.close()
    assert count(database) == -1
