"""One topic in one SQLite file: batches of records, clustered by partition and offset.

A row holds what one commit appended to one partition, as a MessagePack list of (key, headers, value): few rows mean few
steps of SQLite, each of which gives up and takes back the interpreter lock. Its `position` is the number
`partition << 40 | offset` of the batch's last record: the batches from an offset on are one range scan.
"""

from __future__ import annotations

import functools
import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from shared.bus.embedded.sqlite import connect, create, writing
from shared.bus.ports import Headers, NewRecord, Record, Topic

Entry = tuple[bytes | None, Headers, bytes]

_PARTITION_SHIFT = 40
_MAX_BATCH_RECORDS = 256
_MAX_BATCH_BYTES = 1_000_000

_TOPIC_TABLE = """
CREATE TABLE topic (name TEXT PRIMARY KEY, partitions INTEGER, retention_days INTEGER, next_offsets TEXT) WITHOUT ROWID
"""
_BATCHES_TABLE = "CREATE TABLE batches (position INTEGER PRIMARY KEY, records INTEGER, appended_ms INTEGER, body BLOB)"
_READ = "SELECT position, records, appended_ms, body FROM batches WHERE position BETWEEN ? AND ? ORDER BY position"
_FORGET = """
DELETE FROM batches WHERE appended_ms < ?1 AND position IN (
    SELECT position FROM batches WHERE position BETWEEN ?2 AND ?3 ORDER BY position LIMIT ?4)
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


def create_topic_file(path: Path, topic: Topic) -> None:
    """Make the topic's file unless it stands; raises sqlite3.Error or OSError."""
    row = (topic.name, topic.partitions, topic.retention_days, json.dumps([0] * topic.partitions))
    create(path, (_TOPIC_TABLE, ()), (_BATCHES_TABLE, ()), ("INSERT INTO topic VALUES (?, ?, ?, ?)", row))


class TopicFile:
    """A connection to a topic's file. Used by one thread at a time; raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, durable=True)
        row = self._connection.execute("SELECT name, partitions, retention_days FROM topic").fetchone()
        if row is None:
            raise sqlite3.OperationalError(f"{path} holds no topic")
        self.topic = Topic(*row)
        self._seen_version = -1

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def changed(self) -> bool:
        """Whether another connection committed since the last call; true at first."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        changed = bool(version != self._seen_version)
        self._seen_version = version
        return changed

    def next_offsets(self) -> list[int]:
        """The offset that the next record of each partition gets."""
        offsets: list[int] = json.loads(self._connection.execute("SELECT next_offsets FROM topic").fetchone()[0])
        return offsets

    def append(self, records: Iterable[NewRecord]) -> None:
        """Append all in one durable transaction, in their order within each partition."""
        batches = _batches(records)
        now_ms = time.time_ns() // 1_000_000
        with writing(self._connection):
            offsets = self.next_offsets()
            row: list[int | bytes] = []
            for partition, count, body in batches:
                offsets[partition] += count
                row += (partition << _PARTITION_SHIFT | offsets[partition] - 1, count, now_ms, body)
            for start in range(0, len(row), 4 * _MAX_ROWS):
                part = row[start : start + 4 * _MAX_ROWS]
                self._connection.execute(_insert(len(part) // 4), part)
            self._connection.execute("UPDATE topic SET next_offsets = ?", (json.dumps(offsets),))

    def read(self, partition: int, offset: int, *, max_records: int, max_bytes: int) -> list[Record]:
        """The records from `offset` on, whole batches until either limit is reached."""
        found: list[Record] = []
        size = 0
        low, high = _span(partition)
        for position, count, appended_ms, body in self._connection.execute(_READ, (low + offset, high)):
            appended_at = datetime.fromtimestamp(appended_ms / 1000, UTC)
            first = position - low - count + 1
            found += (
                Record(self.topic.name, partition, at, value, _text(key), headers, appended_at)
                for at, (key, headers, value) in enumerate(_decode(body), first)
                if at >= offset
            )
            size += len(body)
            if len(found) >= max_records or size >= max_bytes:
                break
        return found

    def forget_before(self, moment: datetime, *, max_batches: int = 64) -> bool:
        """Delete the oldest batches that were appended before `moment`; whether there may be more."""
        cutoff_ms = int(moment.timestamp() * 1000)
        deleted = [self._forget(partition, cutoff_ms, max_batches) for partition in range(self.topic.partitions)]
        return max_batches in deleted

    def _forget(self, partition: int, cutoff_ms: int, max_batches: int) -> int:
        return self._connection.execute(_FORGET, (cutoff_ms, *_span(partition), max_batches)).rowcount


_MAX_ROWS = 64


@functools.cache
def _insert(rows: int) -> str:
    """One statement for many rows: one step, where executemany takes one a row."""
    return "INSERT INTO batches VALUES " + ", ".join(["(?, ?, ?, ?)"] * rows)  # noqa: S608


def _span(partition: int) -> tuple[int, int]:
    """The lowest and the highest position of a partition."""
    low = partition << _PARTITION_SHIFT
    return low, low + (1 << _PARTITION_SHIFT) - 1


def _batches(records: Iterable[NewRecord]) -> list[tuple[int, int, bytes]]:
    """(partition, number of records, body) for each batch."""
    entries: dict[int, list[Entry]] = {}
    for record in records:
        key = None if record.key is None else record.key.encode("utf-8", "surrogatepass")
        entries.setdefault(record.partition, []).append((key, record.headers, record.value))
    return [(part, len(some), _encode(some)) for part, all_of in entries.items() for some in _split(all_of)]


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
