"""A topic that the first version kept, with its bytes in SQLite: read, appended to and forgotten as any other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shared.bus.embedded.topic_file import TopicFile, create_topic_file
from shared.bus.ports import NewRecord, Topic

ORDERS = Topic("orders", partitions=2, retention_days=3)
APPENDED = datetime(2026, 11, 22, 8, tzinfo=UTC)
OF_THE_FIRST_VERSION = """
CREATE TABLE topic (name TEXT PRIMARY KEY, partitions INTEGER, retention_days INTEGER) WITHOUT ROWID;
CREATE TABLE partitions (number INTEGER PRIMARY KEY, next_offset INTEGER);
CREATE TABLE batches (position INTEGER PRIMARY KEY, records INTEGER, appended_ms INTEGER, body BLOB);
CREATE TRIGGER advance AFTER INSERT ON batches BEGIN
    UPDATE partitions SET next_offset = max(next_offset, (new.position & ((1 << 40) - 1)) + 1)
    WHERE number = new.position >> 40;
END;
INSERT INTO topic VALUES ('orders', 2, 3);
INSERT INTO partitions VALUES (0, 0), (1, 0);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """200 batches of two records in partition 1, the first ten of which are forgotten already."""
    path = tmp_path / "orders.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(f"PRAGMA journal_mode = WAL; {OF_THE_FIRST_VERSION}")
        for last in range(21, 401, 2):
            body = [(b"key", [("name", b"value")], str(number).encode()) for number in (last - 1, last)]
            row = ((1 << 40) + last, 2, int(APPENDED.timestamp() * 1000), msgspec.msgpack.encode(body))
            old.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", row)
        old.commit()
    return path


def test_what_was_there_stays_where_it_was_and_more_is_appended(path: Path) -> None:
    create_topic_file(path, ORDERS)
    with closing(TopicFile(path)) as file:
        assert (file.topic, file.next_offsets()) == (ORDERS, [0, 400])
        file.append([NewRecord("orders", 1, b"400"), NewRecord("orders", 0, b"0")])
        found = file.read(1, 0, max_records=10_000, max_bytes=100_000_000)
        assert [(record.offset, int(record.value)) for record in found] == [(n, n) for n in range(20, 401)]
        assert (found[0].key, list(found[0].headers), found[0].appended_at) == ("key", [("name", b"value")], APPENDED)
        assert file.next_offsets() == [1, 401]


def test_it_is_done_once(path: Path) -> None:
    for _ in range(2):
        create_topic_file(path, ORDERS)
    assert len(list(path.with_suffix(".segments").iterdir())) == 1


def test_what_is_past_its_time_is_forgotten(path: Path) -> None:
    create_topic_file(path, ORDERS)
    with closing(TopicFile(path)) as file:
        while file.forget_before(APPENDED + timedelta(seconds=1)):
            pass
        assert file.read(1, 0, max_records=10, max_bytes=1_000_000) == []
        assert file.next_offsets() == [0, 400]


def test_a_disk_that_fills_up_on_the_way_changes_nothing(path: Path) -> None:
    path.with_suffix(".segments").write_text("stands in the way")
    with pytest.raises(OSError):
        create_topic_file(path, ORDERS)
    path.with_suffix(".segments").unlink()
    create_topic_file(path, ORDERS)
    with closing(TopicFile(path)) as file:
        assert len(file.read(1, 0, max_records=10_000, max_bytes=100_000_000)) == 380
