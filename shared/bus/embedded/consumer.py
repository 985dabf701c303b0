"""Reads the partitions that the group gave to this member, from the positions its owner keeps."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from shared.bus.embedded.membership import Membership
from shared.bus.embedded.sqlite import told_as_unavailable
from shared.bus.embedded.topic_file import TopicFile
from shared.bus.ports import MAX_POLL_BYTES, Partition, Positions, Record, StartAt

_SHORTEST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.05
_MAX_READ_RECORDS = 500
_MAX_READ_BYTES = 1_000_000


class Arrivals:
    """Tells the readers in this process that one of its writers appended."""

    def __init__(self) -> None:
        self._condition = threading.Condition()

    def tell(self) -> None:
        """Wake every reader that waits."""
        with self._condition:
            self._condition.notify_all()

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody tells, or for `timeout_s`: other processes do not tell."""
        with self._condition:
            self._condition.wait(timeout_s)


class EmbeddedConsumer:
    """One member of a consumer group on the embedded log; see `shared.bus.ports.Consumer`."""

    def __init__(
        self, *, membership: Membership, files: Mapping[str, TopicFile], arrivals: Arrivals, start_at: StartAt
    ) -> None:
        self._membership = membership
        self._files = files
        self._arrivals = arrivals
        self._start_at = start_at
        self._generation = 0
        self._positions: dict[Partition, int] = {}
        self._read_ahead: dict[Partition, deque[Record]] = {}
        self._behind: set[str] = set()
        self._turn = 0
        self._pause_s = _SHORTEST_PAUSE_S

    def poll(
        self, *, max_records: int = 500, max_bytes: int = MAX_POLL_BYTES, timeout_s: float = 1.0
    ) -> Sequence[Record]:
        """See the port."""
        deadline = time.monotonic() + timeout_s
        while True:
            with told_as_unavailable("the groups cannot be read"):
                owned = self._membership.keep()
            self._adopt(owned)
            with told_as_unavailable("the log cannot be read"):
                records = self._next(max_records, max_bytes)
            left_s = deadline - time.monotonic()
            if records:
                self._pause_s = _SHORTEST_PAUSE_S
            if records or left_s <= 0:
                return records
            self._arrivals.wait(min(self._pause_s, left_s))
            self._pause_s = min(self._pause_s * 1.5, _LONGEST_PAUSE_S)

    def assignment(self) -> frozenset[Partition]:
        """See the port."""
        return frozenset(self._positions)

    def seek(self, positions: Positions) -> None:
        """See the port."""
        for partition in positions.keys() & self._positions.keys():
            self._positions[partition] = positions[partition]
            self._read_ahead.pop(partition, None)
            self._behind.add(partition[0])

    def report(self, positions: Positions) -> None:
        """See the port."""
        self._membership.report(positions)

    def close(self) -> None:
        """See the port."""
        self._positions.clear()
        self._read_ahead.clear()
        self._membership.leave()
        for file in self._files.values():
            file.close()

    def _adopt(self, owned: frozenset[Partition]) -> None:
        """Drop what is no longer ours, and ask the owner where to start with what is new."""
        if self._membership.generation != self._generation:
            self._positions.clear()
            self._read_ahead.clear()
        elif owned == self._positions.keys():
            return
        for lost in self._positions.keys() - owned:
            del self._positions[lost]
            self._read_ahead.pop(lost, None)
        new = sorted(owned - self._positions.keys())
        starts = self._start_at(new) if new else {}
        self._generation = self._membership.generation
        self._positions.update({partition: starts.get(partition, 0) for partition in new})
        self._behind.update(topic for topic, _ in new)

    def _next(self, max_records: int, max_bytes: int) -> list[Record]:
        """The next records, each partition having its turn to be the first."""
        for topic, file in self._files.items():
            if file.changed():
                self._behind.add(topic)
        partitions = sorted(self._positions)
        self._turn += 1
        found: list[Record] = []
        size = 0
        for index in range(len(partitions)):
            for record in self._taken(partitions[(index + self._turn) % len(partitions)]):
                found.append(record)
                size += len(record.value)
                if len(found) >= max_records or size >= max_bytes:
                    return found
        if not found:
            self._behind.clear()
        return found

    def _taken(self, partition: Partition) -> Iterator[Record]:
        """Records of one partition, one by one; each counts as read once it is handed out."""
        ahead = self._read_ahead.setdefault(partition, deque())
        topic, number = partition
        if not ahead and topic in self._behind:
            ahead += self._files[topic].read(
                number, self._positions[partition], max_records=_MAX_READ_RECORDS, max_bytes=_MAX_READ_BYTES
            )
        while ahead:
            record = ahead.popleft()
            self._positions[partition] = record.offset + 1
            yield record
