"""Whose turn it is to write to a SQLite file that several processes share.

SQLite lets one connection write and has the others ask again after ever longer pauses, so that who writes all the time
keeps out who writes now and then. Here the next writer holds a lock while it asks, quickly, and whoever has just
written finds it taken and waits behind.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

_ASK_EVERY_S = 0.001
_YIELD_S = 1.0
"""How long others are let go first: one that was stopped while it was the next must not stop all."""


class WriteTurns:
    """The turns of one process at a database. Its threads write one at a time already."""

    def __init__(self, database: Path, *, patience_s: float) -> None:
        self._path = database.with_name(f"{database.name}-turn")
        self._patience_s = patience_s
        self._file = -1

    def begin(self, connection: Connection) -> None:
        """Begin to write. Raises sqlalchemy.exc.OperationalError when others write for longer than the patience."""
        deadline = time.monotonic() + self._patience_s
        with self._next():
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                _ask(connection, deadline)
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {self._patience_s * 1000:.0f}")

    def close(self) -> None:
        """Let go of the lock's file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @contextmanager
    def _next(self) -> Iterator[None]:
        if self._file < 0:
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        _again_until(time.monotonic() + _YIELD_S, self._is_taken)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _is_taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _ask(connection: Connection, deadline: float) -> None:
    """Begin as soon as nobody else writes.

    It is the driver that is asked: an exception of SQLAlchemy's refers to itself, and would keep what every caller has
    in its hands until Python searches for garbage.
    """
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    _again_until(deadline, lambda: not _is_busy(driver))
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for its exception


def _is_busy(driver: sqlite3.Connection) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
    return False


def _again_until(deadline: float, done: Callable[[], bool]) -> None:
    while not done() and time.monotonic() < deadline:
        time.sleep(_ASK_EVERY_S)
