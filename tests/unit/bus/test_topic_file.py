"""One topic's file: batches, offsets, retention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bus.embedded.topic_file import TopicFile, create_topic_file
from shared.bus.ports import NewRecord, Record, Topic


@pytest.fixture
def file(tmp_path: Path) -> Iterator[TopicFile]:
    path = tmp_path / "orders.sqlite"
    create_topic_file(path, Topic("orders", partitions=2, retention_days=3))
    file = TopicFile(path)
    yield file
    file.close()


def numbered(partition: int, numbers: range) -> list[NewRecord]:
    return [NewRecord("orders", partition, str(number).encode()) for number in numbers]


def read(file: TopicFile, partition: int, offset: int, *, max_records: int = 10_000) -> list[Record]:
    return file.read(partition, offset, max_records=max_records, max_bytes=100_000_000)


def test_it_remembers_its_topic(file: TopicFile) -> None:
    assert file.topic == Topic("orders", partitions=2, retention_days=3)


def test_an_append_may_be_larger_than_a_batch(file: TopicFile) -> None:
    file.append(numbered(1, range(1_000)))
    file.append(numbered(1, range(1_000, 1_010)) + numbered(0, range(3)))
    assert file.next_offsets() == [3, 1_010]
    assert [(r.offset, int(r.value)) for r in read(file, 1, 0)] == [(n, n) for n in range(1_010)]
    assert [r.offset for r in read(file, 0, 0)] == [0, 1, 2]


@pytest.mark.parametrize("offset", [0, 1, 255, 256, 257, 299, 300, 5_000])
def test_reading_starts_in_the_middle_of_a_batch(file: TopicFile, offset: int) -> None:
    file.append(numbered(0, range(300)))
    assert [r.offset for r in read(file, 0, offset)] == list(range(offset, 300))


def test_reading_stops_after_the_batch_that_reaches_the_limit(file: TopicFile) -> None:
    file.append(numbered(0, range(600)))
    assert len(read(file, 0, 0, max_records=300)) == 512
    assert len(file.read(0, 0, max_records=10_000, max_bytes=1)) == 256


def test_changes_of_others_are_noticed(file: TopicFile, tmp_path: Path) -> None:
    assert file.changed()
    assert not file.changed()
    other = TopicFile(tmp_path / "orders.sqlite")
    other.append(numbered(0, range(1)))
    assert file.changed()
    assert not file.changed()
    other.close()


def test_what_is_old_is_forgotten_and_offsets_go_on(file: TopicFile) -> None:
    file.append(numbered(0, range(600)))
    file.append(numbered(1, range(5)))
    assert not file.forget_before(datetime.now(UTC) - timedelta(minutes=1))
    assert len(read(file, 0, 0)) == 600
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert file.forget_before(later, max_batches=2)
    assert [r.offset for r in read(file, 0, 0)] == list(range(512, 600))
    long_ago = datetime.now(UTC) - timedelta(days=9)
    assert file.offsets_since(long_ago)[:1] == [512]
    assert not file.forget_before(later, max_batches=2)
    assert read(file, 0, 0) == read(file, 1, 0) == []
    assert file.offsets_since(long_ago) == file.next_offsets()
    file.append(numbered(0, range(1)))
    assert [r.offset for r in read(file, 0, 0)] == [600]
    assert file.next_offsets() == [601, 5]


def test_making_a_topic_again_keeps_it(file: TopicFile, tmp_path: Path) -> None:
    file.append(numbered(0, range(2)))
    create_topic_file(tmp_path / "orders.sqlite", Topic("orders", partitions=9))
    assert file.next_offsets() == [2, 0]
