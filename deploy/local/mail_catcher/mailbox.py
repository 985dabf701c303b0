"""Caught messages in a SQLite file: acknowledged only once they are on disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_message_id ON messages (message_id);
"""
_INSERT = "INSERT INTO messages (message_id, sender, recipients, content) VALUES (?, ?, ?, ?)"
_GROUP = 500


@dataclass(frozen=True, slots=True)
class Caught:
    """One message as it came in. `message_id` is its header, brackets included, or empty."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes


class Mailbox:
    """Reads what was caught; safe beside a catcher that writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connect(path)) as connection:
            connection.executescript(_SCHEMA)

    def count(self) -> int:
        """How many messages came in, copies included."""
        with closing(_connect(self._path)) as connection:
            return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])

    def messages(self) -> Iterator[Caught]:
        """Every message, oldest first."""
        with closing(_connect(self._path)) as connection:
            for row in connection.execute("SELECT message_id, sender, recipients, content FROM messages ORDER BY id"):
                yield Caught(row[0], row[1], tuple(row[2].split("\n")), row[3])

    def latest(self, number: int) -> list[Caught]:
        """The last `number` messages, newest first."""
        query = "SELECT message_id, sender, recipients, content FROM messages ORDER BY id DESC LIMIT ?"
        with closing(_connect(self._path)) as connection:
            return [Caught(r[0], r[1], tuple(r[2].split("\n")), r[3]) for r in connection.execute(query, (number,))]


class MailboxWriter:
    """Appends from one thread, many messages a commit, so that waiting for the disk is shared."""

    def __init__(self, path: Path) -> None:
        Mailbox(path)
        self._path = path
        self._queue: SimpleQueue[tuple[Caught, Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="mailbox", daemon=True)
        self._thread.start()

    def append(self, message: Caught) -> Future[None]:
        """What ends once the message is durable, or with sqlite3.Error when it cannot be kept."""
        done: Future[None] = Future()
        self._queue.put((message, done))
        return done

    def close(self) -> None:
        """Wait for what was appended."""
        self._queue.put(None)
        self._thread.join()

    def _write(self) -> None:
        with closing(_connect(self._path)) as connection:
            open_ = True
            while open_:
                group = [self._queue.get()]
                while len(group) < _GROUP and not self._queue.empty():
                    group.append(self._queue.get())
                open_ = None not in group
                _commit(connection, [item for item in group if item])


def _commit(connection: sqlite3.Connection, group: list[tuple[Caught, Future[None]]]) -> None:
    rows = [(m.message_id, m.sender, "\n".join(m.recipients), m.content) for m, _ in group]
    try:
        with connection:
            connection.executemany(_INSERT, rows)
    except sqlite3.Error as error:
        for _, done in group:
            done.set_exception(error)
        return
    for _, done in group:
        done.set_result(None)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
