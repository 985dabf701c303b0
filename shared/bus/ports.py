"""What Rapport asks of a log: topics, partitions, keys, offsets, consumer groups.

Two implementations stand behind this port, `shared.bus.embedded` and `shared.bus.kafka`; the suite in
tests/conformance/bus holds both. `shared.bus.opening.open_bus` picks one by URL.

Errors::

    BusError
     +-- BusUnavailable      the log cannot be reached or written now; the same call may succeed later
     +-- BusOverloaded       more records wait than the log is allowed to hold in memory; back off
     +-- RecordTooLarge      one record exceeds what the log takes; the same call never succeeds
     +-- UnknownTopic        the topic was never created
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Protocol
from zlib import crc32

Headers = tuple[tuple[str, bytes], ...]


class BusError(Exception):
    """The bus could not do what was asked."""


class BusUnavailable(BusError):
    """The log cannot be reached or written now; the same call may succeed later."""


class BusOverloaded(BusError):
    """More records wait than may be held in memory; the caller slows down."""


class RecordTooLarge(BusError):
    """One record exceeds what the log takes."""


class UnknownTopic(BusError):
    """The topic was never created."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A named log. `partitions` is fixed when the topic is created; order holds within one partition."""

    name: str
    partitions: int = 8
    retention_days: int = 7

    def partition_of(self, key: str) -> int:
        """The partition all records of `key` go to, the same in every process and implementation."""
        return crc32(key.encode("utf-8", "surrogatepass")) % self.partitions

    def key_of(self, partition: int) -> str:
        """A key whose records go to `partition`: for what is to be told on every one."""
        return next(key for key in map(str, count()) if self.partition_of(key) == partition)


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to append. `key` is carried for readers; `partition` alone decides where it goes."""

    topic: str
    partition: int
    value: bytes
    key: str | None = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the log holds it: `offset` grows by at least one within (topic, partition)."""

    topic: str
    partition: int
    offset: int
    value: bytes
    key: str | None
    headers: Headers
    appended_at: datetime


MAX_POLL_BYTES = 4_000_000
"""The default for what one poll hands out."""

Partition = tuple[str, int]
"""(topic name, partition number)."""

Positions = Mapping[Partition, int]
"""The offset of the next record to read, for each partition."""


class Publisher(Protocol):
    """Appends records. Safe to use from several threads."""

    def publish(self, records: Sequence[NewRecord], *, timeout_s: float = 30.0) -> None:
        """Append all; return only once every record is durable.

        Raises BusUnavailable when that could not be confirmed in `timeout_s` (some may have been
        appended), BusOverloaded, RecordTooLarge or UnknownTopic (then none of them was).
        """
        ...

    def submit(self, records: Sequence[NewRecord]) -> Future[None]:
        """Start to append all and return at once; the future ends as `publish` would."""
        ...

    def close(self) -> None:
        """Wait for what was submitted, then let go of every resource."""
        ...


class Consumer(Protocol):
    """One member of a consumer group. Used by one thread; members of a group share the partitions.

    The reader owns its positions: `start_at` is asked for them whenever partitions are newly assigned, so that a
    position kept in the reader's own database, in the same transaction as the effect, is what counts.
    """

    def poll(
        self, *, max_records: int = 500, max_bytes: int = MAX_POLL_BYTES, timeout_s: float = 1.0
    ) -> Sequence[Record]:
        """The next records of the assigned partitions, in order within each; empty after `timeout_s`.

        No more are added once their values have `max_bytes`, so that memory is bounded whatever the backlog.
        Keeps the membership alive; raises BusUnavailable when the log cannot be read.
        """
        ...

    def assignment(self) -> frozenset[Partition]:
        """The partitions this member owns now."""
        ...

    def seek(self, positions: Positions) -> None:
        """Read on from these offsets; partitions that are not assigned are ignored."""
        ...

    def report(self, positions: Positions) -> None:
        """Tell the log how far the group has come, for lag figures; best effort, never the truth."""
        ...

    def close(self) -> None:
        """Leave the group at once, so that others take over without waiting."""
        ...


StartAt = Callable[[Iterable[Partition]], Positions]
"""Called with newly assigned partitions; those missing from its answer start at the oldest record."""


class Bus(Protocol):
    """A log by URL: creates topics, publishers and consumers."""

    def create_topics(self, topics: Iterable[Topic]) -> None:
        """Create what is missing; an existing topic is left as it is. Raises BusUnavailable."""
        ...

    def publisher(self) -> Publisher:
        """A new publisher; the caller closes it."""
        ...

    def consumer(
        self, group: str, topics: Sequence[str], *, start_at: StartAt, session_timeout_s: float = 10.0
    ) -> Consumer:
        """Join `group`; a member that is silent for `session_timeout_s` loses its partitions."""
        ...

    def end_positions(self, topics: Sequence[str]) -> Positions:
        """For each partition, the offset that the next appended record will get, or a larger one."""
        ...

    def positions_since(self, topics: Sequence[str], moment: datetime) -> Positions:
        """For each partition, an offset with every record that was appended at `moment` or later behind it.

        It is the first such record's where there is one, and otherwise the end.
        """
        ...

    def reported_positions(self, group: str, topics: Sequence[str]) -> Positions:
        """What the group's members last reported; lag is the difference to `end_positions`."""
        ...

    def reachable(self) -> bool:
        """Whether the log answers within a second; never raises."""
        ...

    def close(self) -> None:
        """Let go of what the bus itself holds; publishers and consumers are closed by their owners."""
        ...
