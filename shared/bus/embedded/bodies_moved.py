"""Topics of before there were segments: the bytes of a batch stood in its row in SQLite, and are moved out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from shared.bus.embedded.segments import SegmentWriter
from shared.bus.embedded.sqlite import connect, writing

_AT_A_TIME = 64  # of a megabyte at most each


def move_bodies(path: Path, tables: Sequence[str]) -> None:
    """Bring a topic's file up to date: make `tables` anew, and fill them from those that had bodies in them.

    All of it happens or nothing, and the bytes are durable before a row says where they lie; a file that is up to date
    stays as it is. Raises sqlite3.Error and OSError.
    """
    with closing(connect(path, durable=True)) as connection:
        if not _has_bodies(connection):
            return
        with writing(connection), closing(SegmentWriter(path.with_suffix(".segments"))) as segments:
            if _has_bodies(connection):  # still, now that nobody else can be at it
                connection.execute("ALTER TABLE batches RENAME TO of_before")
                connection.execute("DROP TRIGGER advance")
                for table in tables:
                    connection.execute(table)
                _move(connection, segments)
                connection.execute("DROP TABLE of_before")


def _has_bodies(connection: sqlite3.Connection) -> bool:
    return any(name == "body" for _, name, *_ in connection.execute("PRAGMA table_info(batches)"))


def _move(connection: sqlite3.Connection, segments: SegmentWriter) -> None:
    old = connection.execute("SELECT position, records, appended_ms, body FROM of_before ORDER BY position")
    while rows := old.fetchmany(_AT_A_TIME):
        segment, start = segments.append([body for *_, body in rows])
        for *row, body in rows:
            connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", (*row, segment, start, len(body)))
            start += len(body)
