"""What the embedded log forgets."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.embedded.retention import forget_old
from shared.bus.embedded.topic_file import TopicFile
from shared.bus.ports import NewRecord, Topic

TOPICS = (Topic("short", partitions=2, retention_days=7), Topic("long", partitions=1, retention_days=90))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[EmbeddedBus]:
    bus = EmbeddedBus(tmp_path)
    bus.create_topics(TOPICS)
    publisher = bus.publisher()
    publisher.publish([NewRecord(topic.name, 0, b"jane@example.com") for topic in TOPICS])
    publisher.close()
    yield bus
    bus.close()


def held(folder: Path) -> dict[str, int]:
    """How many records each topic holds."""
    counts = {}
    for topic in TOPICS:
        with closing(TopicFile(folder / "topics" / f"{topic.name}.sqlite")) as file:
            counts[topic.name] = len(file.read(0, 0, max_records=10, max_bytes=1_000_000))
    return counts


def test_each_topic_forgets_at_its_own_age(bus: EmbeddedBus, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for days, left in ((6, {"short": 1, "long": 1}), (8, {"short": 0, "long": 1}), (91, {"short": 0, "long": 0})):
        forget_old(tmp_path / "topics", now=now + timedelta(days=days))
        assert held(tmp_path) == left
    assert bus.end_positions(["short"]) == {("short", 0): 1, ("short", 1): 0}


def test_a_file_that_is_no_topic_keeps_nothing_from_being_forgotten(bus: EmbeddedBus, tmp_path: Path) -> None:
    (tmp_path / "topics" / "broken.sqlite").write_bytes(b"no database")
    forget_old(tmp_path / "topics", now=datetime.now(UTC) + timedelta(days=8))
    assert held(tmp_path)["short"] == 0


def test_a_bus_forgets_what_is_old_though_nobody_appends(bus: EmbeddedBus, tmp_path: Path) -> None:
    bus.close()
    with closing(sqlite3.connect(tmp_path / "topics" / "short.sqlite", isolation_level=None)) as file:
        file.execute("UPDATE batches SET appended_ms = appended_ms - 8 * 86400000")
    again = EmbeddedBus(tmp_path)
    again.create_topics(TOPICS)
    until = time.monotonic() + 20
    while held(tmp_path)["short"] and time.monotonic() < until:
        time.sleep(0.01)
    again.close()
    assert held(tmp_path) == {"short": 0, "long": 1}
