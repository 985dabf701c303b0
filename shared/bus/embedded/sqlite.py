"""Connections to the log's SQLite files, with their errors told in the bus's words."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from shared.bus.ports import BusUnavailable

_BUSY_TIMEOUT_S = 5.0
_KEEP_WAL_BYTES = 64 * 1024 * 1024


def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open an existing file. `durable` commits survive power loss; others survive kill -9 of every process."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    connection.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA journal_size_limit = {_KEEP_WAL_BYTES}")
    return connection


def create(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    """Make a file by these statements, unless it stands; it appears whole or not at all, and survives power loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(path.parent / ".creating"):
        if path.exists():
            return
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        connection = sqlite3.connect(unfinished, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            for statement, values in statements:
                connection.execute(statement, values)
        finally:
            connection.close()
        unfinished.rename(path)
        sync_directory(path.parent)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sync_directory(path: Path) -> None:
    """Make names that were given or taken in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: committed at the end, rolled back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Changes:
    """Whether other connections have changed the database of this one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._seen = -1

    def __call__(self) -> bool:
        """Whether another connection committed since the last call; true at first. Raises sqlite3.Error."""
        before = self._seen
        (self._seen,) = self._connection.execute("PRAGMA data_version").fetchone()
        return self._seen != before


@contextmanager
def told_as_unavailable(what: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into BusUnavailable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BusUnavailable(f"{what}: {error}") from error
