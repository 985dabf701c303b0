"""Files that are only appended to: what is read back, what a crash leaves, what is deleted and when."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bus.embedded.segments import SegmentReader, SegmentWriter, delete_segments
from shared.bus.embedded.topic_file import TopicFile, create_topic_file
from shared.bus.ports import NewRecord, Topic


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "orders.segments"


def test_what_is_appended_is_read_back(folder: Path) -> None:
    writer, reader = SegmentWriter(folder), SegmentReader(folder)
    bodies = [os.urandom(size) for size in range(1_500)]
    segment, start = writer.append(bodies)
    again, behind = writer.append([b"next"])
    assert (again, behind) == (segment, start + sum(map(len, bodies)))
    for body in bodies:
        assert reader.read(segment, start, len(body)) == body
        start += len(body)
    assert reader.read(again, behind, 4) == b"next"
    with pytest.raises(OSError, match="ends within"):
        reader.read(again, behind, 5)
    writer.close()
    reader.close()


def test_each_writer_has_segments_of_its_own(folder: Path) -> None:
    writers = [SegmentWriter(folder) for _ in range(20)]
    assert len({writer.append([b"x"])[0] for writer in writers}) == len(writers)
    first = writers[0].append([b"y"])
    writers[0].close()
    assert writers[0].append([b"z"])[0] > first[0]
    for writer in writers:
        writer.close()


def test_a_reader_keeps_few_files_open(folder: Path) -> None:
    reader, opened = SegmentReader(folder), len(os.listdir("/proc/self/fd"))
    for number in range(30):
        writer = SegmentWriter(folder)
        segment, start = writer.append([str(number).encode()])
        writer.close()
        assert reader.read(segment, start, len(str(number))) == str(number).encode()
    assert len(os.listdir("/proc/self/fd")) < opened + 15
    reader.close()


def test_what_a_crash_left_behind_the_last_row_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    create_topic_file(path, Topic("orders", partitions=1))
    dying = TopicFile(path)
    dying.append([NewRecord("orders", 0, b"acknowledged")])
    (segment,) = (tmp_path / "orders.segments").iterdir()
    with segment.open("ab") as file:
        file.write(b"half of an append")
    dying.close()
    reborn = TopicFile(path)
    reborn.append([NewRecord("orders", 0, b"later")])
    found = reborn.read(0, 0, max_records=10, max_bytes=1_000)
    assert [(r.offset, r.value) for r in found] == [(0, b"acknowledged"), (1, b"later")]
    reborn.close()


def test_old_segments_are_deleted_but_for_those_that_a_writer_holds(folder: Path) -> None:
    old, held, new = (SegmentWriter(folder) for _ in range(3))
    names = [f"{writer.append([b'x'])[0]}.segment" for writer in (old, held, new)]
    old.close()
    new.close()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    for name in names[:2]:
        os.utime(folder / name, (yesterday, yesterday))
    delete_segments(folder, before=datetime.now(UTC) - timedelta(hours=1))
    assert sorted(path.name for path in folder.iterdir()) == sorted(names[1:])
    held.append([b"still there"])
    held.close()


def test_a_segment_that_is_old_is_left_so_that_it_can_be_deleted(folder: Path) -> None:
    writer = SegmentWriter(folder, old_after_s=0.0)
    first, second = writer.append([b"x"])[0], writer.append([b"y"])[0]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    for number in (first, second):
        os.utime(folder / f"{number}.segment", (yesterday, yesterday))
    delete_segments(folder, before=datetime.now(UTC) - timedelta(hours=1))
    assert [path.name for path in folder.iterdir()] == [f"{second}.segment"]
    writer.close()


def test_forgetting_all_records_frees_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    create_topic_file(path, Topic("orders", partitions=2))
    file = TopicFile(path)
    file.append([NewRecord("orders", number % 2, b"x" * 1_000) for number in range(100)])
    file.close()
    file = TopicFile(path)
    assert not file.forget_before(datetime.now(UTC) + timedelta(minutes=1))
    assert list((tmp_path / "orders.segments").iterdir()) == []
    assert file.next_offsets() == [50, 50]
    file.close()
