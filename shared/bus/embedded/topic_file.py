"""One topic: batches of records in segments, and a SQLite file that says which there are.

A batch is what one append brought to one partition, a MessagePack list of (key, headers, value). Its row in `batches`
says where it lies; the row's `position` is `partition << 40 | offset` of the batch's last record, so that the batches
from an offset on are a range scan. Bytes are durable before the rows that name them: a batch is there when its row is.

An append is one statement, and so one step of SQLite: each step gives up the interpreter lock, and beside a busy thread
it costs up to a switch interval to get it back.
"""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from shared.bus.embedded.bodies_moved import move_bodies
from shared.bus.embedded.segments import SegmentReader, SegmentWriter, delete_segments
from shared.bus.embedded.sqlite import Changes, connect, create
from shared.bus.ports import Headers, NewRecord, Record, Topic

Entry = tuple[bytes | None, Headers, bytes]

_PARTITION_SHIFT = 40
_MAX_BATCH_RECORDS = 256
_MAX_BATCH_BYTES = 1_000_000

_TABLES = (
    "CREATE TABLE topic (name TEXT PRIMARY KEY, partitions INTEGER, retention_days INTEGER) WITHOUT ROWID",
    "CREATE TABLE partitions (number INTEGER PRIMARY KEY, next_offset INTEGER)",
)
_BATCHES = (
    """
    CREATE TABLE batches (
        position INTEGER PRIMARY KEY, records INTEGER, appended_ms INTEGER,
        segment INTEGER, start INTEGER, bytes INTEGER)
    """,
    """
    CREATE TRIGGER advance AFTER INSERT ON batches BEGIN
        UPDATE partitions SET next_offset = max(next_offset, (new.position & ((1 << 40) - 1)) + 1)
        WHERE number = new.position >> 40;
    END
    """,
)
# (partition, number of its records in this append up to the batch's end, records, start, bytes)
_ROW = "(?, ?, ?, ?, ?)"
_APPEND = """
INSERT INTO batches
SELECT (column1 << 40) | (next_offset + column2 - 1), column3, ?, ?, column4, column5
FROM (VALUES {rows}) JOIN partitions ON number = column1
"""
_READ = """
SELECT position, records, appended_ms, segment, start, bytes FROM batches
WHERE position BETWEEN ? AND ? ORDER BY position
"""
_TIMED = """
SELECT position, records, appended_ms FROM batches WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1
"""
_FORGET = """
DELETE FROM batches WHERE appended_ms < ?1 AND position IN (
    SELECT position FROM batches WHERE position BETWEEN ?2 AND ?3 ORDER BY position LIMIT ?4)
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


def create_topic_file(path: Path, topic: Topic) -> None:
    """Make the topic's file, or bring one of an older version up to date; raises sqlite3.Error or OSError."""
    create(
        path,
        *((table, ()) for table in (*_TABLES, *_BATCHES)),
        ("INSERT INTO topic VALUES (?, ?, ?)", (topic.name, topic.partitions, topic.retention_days)),
        *(("INSERT INTO partitions VALUES (?, 0)", (number,)) for number in range(topic.partitions)),
    )
    move_bodies(path, _BATCHES)


class TopicFile:
    """A topic's files, opened. Used by one thread at a time; raises sqlite3.Error and OSError."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, durable=True)
        row = self._connection.execute("SELECT name, partitions, retention_days FROM topic").fetchone()
        if row is None:
            raise sqlite3.OperationalError(f"{path} holds no topic")
        self.topic = Topic(*row)
        self.changed = Changes(self._connection)
        self._folder = path.with_suffix(".segments")
        self._written = SegmentWriter(self._folder)
        self._read = SegmentReader(self._folder)

    def close(self) -> None:
        """Let go of the files."""
        self._written.close()
        self._read.close()
        self._connection.close()

    def next_offsets(self) -> list[int]:
        """The offset that the next record of each partition gets."""
        rows = self._connection.execute("SELECT next_offset FROM partitions ORDER BY number").fetchall()
        return [offset for (offset,) in rows]

    def offsets_since(self, moment: datetime) -> list[int]:
        """The offset of the first record of each partition appended at `moment` or later; its end without one."""
        since_ms = int(moment.timestamp() * 1000)
        return [self._first_since(number, since_ms, end) for number, end in enumerate(self.next_offsets())]

    def _first_since(self, partition: int, since_ms: int, end: int) -> int:
        """Bisected, because times only grow along a partition; a clock that was set back costs records too many."""
        base = _span(partition)[0]
        low, high = 0, end
        while low < high:
            middle = (low + high) // 2
            found = self._connection.execute(_TIMED, (base + middle, base + end)).fetchone()
            if found is None or found[2] >= since_ms:
                high = middle
            else:
                low = found[0] - base + 1
        there = self._connection.execute(_TIMED, (base + low, base + end)).fetchone()
        # What lies between is forgotten.
        return end if there is None else max(low, there[0] - base - there[1] + 1)

    def append(self, records: Iterable[NewRecord]) -> None:
        """Append all, durably and at once, in their order within each partition."""
        now_ms = time.time_ns() // 1_000_000
        batches = list(_batches(records))
        segment, start = self._written.append([body for *_, body in batches])
        values = [now_ms, segment]
        for partition, ending, count, body in batches:
            values += (partition, ending, count, start, len(body))
            start += len(body)
        self._connection.execute(_append(len(batches)), values)

    def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> list[Record]:
        """The records from `offset` on, whole batches until either limit is reached."""
        found: list[Record] = []
        read = 0
        low, high = _span(partition)
        for position, count, appended_ms, *place in self._connection.execute(_READ, (low + offset, high)):
            body = self._read.read(*place)
            appended_at = datetime.fromtimestamp(appended_ms / 1000, UTC)
            first = position - low - count + 1
            found += (
                Record(self.topic.name, partition, at, value, _text(key), headers, appended_at)
                for at, (key, headers, value) in enumerate(_decode(body), first)
                if at >= offset
            )
            read += len(body)
            if len(found) >= max_records or read >= max_bytes:
                break
        return found

    def forget_before(self, moment: datetime, *, max_batches: int = 64) -> bool:
        """Delete the oldest batches that were appended before `moment`; whether there may be more."""
        cutoff_ms = int(moment.timestamp() * 1000)
        deleted = [self._forget(partition, cutoff_ms, max_batches) for partition in range(self.topic.partitions)]
        may_be_more = max_batches in deleted
        if not may_be_more:
            delete_segments(self._folder, before=moment)
        return may_be_more

    def _forget(self, partition: int, cutoff_ms: int, max_batches: int) -> int:
        return self._connection.execute(_FORGET, (cutoff_ms, *_span(partition), max_batches)).rowcount


@functools.cache
def _append(rows: int) -> str:
    return _APPEND.format(rows=", ".join([_ROW] * rows))


def _span(partition: int) -> tuple[int, int]:
    """The lowest and the highest position of a partition."""
    low = partition << _PARTITION_SHIFT
    return low, low + (1 << _PARTITION_SHIFT) - 1


def _batches(records: Iterable[NewRecord]) -> Iterable[tuple[int, int, int, bytes]]:
    """(partition, number of its records up to the batch's end, number of records, body) for each batch."""
    entries: dict[int, list[Entry]] = {}
    for record in records:
        key = None if record.key is None else record.key.encode("utf-8", "surrogatepass")
        entries.setdefault(record.partition, []).append((key, record.headers, record.value))
    for partition, all_of_it in entries.items():
        ending = 0
        for batch in _split(all_of_it):
            ending += len(batch)
            yield partition, ending, len(batch), _encode(batch)


def _split(entries: Sequence[Entry]) -> Iterable[Sequence[Entry]]:
    """Cut into batches that a reader can take whole."""
    start = size = 0
    for index, entry in enumerate(entries):
        size += len(entry[2])
        if size >= _MAX_BATCH_BYTES or index - start + 1 >= _MAX_BATCH_RECORDS:
            yield entries[start : index + 1]
            start, size = index + 1, 0
    if start < len(entries):
        yield entries[start:]


def _text(key: bytes | None) -> str | None:
    return None if key is None else key.decode("utf-8", "surrogatepass")
