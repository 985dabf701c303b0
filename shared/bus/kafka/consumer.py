"""One member of a Kafka consumer group that starts where its owner says, not where the group committed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from shared.bus.kafka.cluster import Cluster
from shared.bus.kafka.errors import telling
from shared.bus.kafka.url import Connection
from shared.bus.ports import MAX_POLL_BYTES, Partition, Positions, Record, StartAt

_SHORTEST_CONNECT_MS = 1_000
_LONGEST_HANDLING_MS = 300_000
_LEAVE_TIMEOUT_MS = 5_000
_METADATA_AGE_MS = 30_000
_REPORT_PAUSE_S = 1.0
_RECORDS_AT_ONCE = 100


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """What the group gave to this member: `fresh` until its start was asked for, then `started`."""

    def __init__(self) -> None:
        self.fresh: set[Partition] = set()
        self.started: set[Partition] = set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        lost = {(part.topic, part.partition) for part in revoked}
        self.fresh -= lost
        self.started -= lost

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.fresh |= {(part.topic, part.partition) for part in assigned}


class GroupConsumer:
    """See `shared.bus.ports.Consumer`. Connects at the first poll."""

    def __init__(
        self,
        connection: Connection,
        group: str,
        topics: Sequence[str],
        *,
        cluster: Cluster,
        start_at: StartAt,
        session_timeout_s: float,
    ) -> None:
        self._connection = connection
        self._cluster = cluster
        self._group = group
        self._topics = topics
        self._start_at = start_at
        self._session_timeout_s = session_timeout_s
        self._assignment = _Assignment()
        self._client: Any = None
        self._kept_back: list[Record] = []
        self._reported: dict[Partition, int] = {}
        self._report_at = 0.0

    def poll(
        self, *, max_records: int = 500, max_bytes: int = MAX_POLL_BYTES, timeout_s: float = 1.0
    ) -> Sequence[Record]:
        """See the port; raises UnknownTopic. While the broker is away after a first connection, polls are empty."""
        deadline = time.monotonic() + timeout_s
        with telling():
            client = self._connected(timeout_s)
        while True:
            self._start_fresh()
            if self._kept_back:
                records, self._kept_back = self._kept_back, []
                return records
            with telling():
                self._send_reports()
                self._kept_back = self._fetched(client, deadline, max_records, max_bytes)
            if not self._kept_back and not self._assignment.fresh and time.monotonic() >= deadline:
                return []

    def assignment(self) -> frozenset[Partition]:
        """See the port."""
        return frozenset(self._assignment.started)

    def seek(self, positions: Positions) -> None:
        """See the port."""
        for partition in positions.keys() & self._assignment.started:
            self._client.seek(TopicPartition(*partition), positions[partition])

    def report(self, positions: Positions) -> None:
        """See the port; sent at most once a second."""
        self._reported.update(positions)
        with suppress(KafkaError):
            self._send_reports()

    def close(self) -> None:
        """See the port."""
        if self._client is None:
            return
        client, self._client = self._client, None
        with suppress(KafkaError):
            if self._reported:
                client.commit(_committed(self._reported), timeout_ms=_LEAVE_TIMEOUT_MS)
        with suppress(KafkaError):
            client.close(autocommit=False, timeout_ms=_LEAVE_TIMEOUT_MS)

    def _fetched(self, client: Any, deadline: float, max_records: int, max_bytes: int) -> list[Record]:
        """What the client holds, or waits for: a few at a time, so that their size can be told."""
        found: list[Record] = []
        size, timeout_ms = 0, _ms_until(deadline)
        while len(found) < max_records and size < max_bytes:
            polled = client.poll(timeout_ms=timeout_ms, max_records=min(_RECORDS_AT_ONCE, max_records - len(found)))
            some = [_record(each) for records in polled.values() for each in records]
            if not some:
                break
            found += some
            size += sum(len(record.value) for record in some)
            timeout_ms = 0
        # What was fetched before its start was known is fetched again from there.
        return [record for record in found if (record.topic, record.partition) not in self._assignment.fresh]

    def _start_fresh(self) -> None:
        """Ask the owner where to start with what is newly assigned; if that fails, the next poll asks again."""
        if not self._assignment.fresh:
            return
        new = sorted(self._assignment.fresh)
        starts = self._start_at(new)
        for partition in new:
            self._client.seek(TopicPartition(*partition), starts.get(partition, 0))
        self._assignment.started.update(new)
        self._assignment.fresh.difference_update(new)

    def _send_reports(self) -> None:
        if self._client is not None and self._reported and time.monotonic() >= self._report_at:
            self._client.commit_async(_committed(self._reported))
            self._reported = {}
            self._report_at = time.monotonic() + _REPORT_PAUSE_S

    def _connected(self, timeout_s: float) -> Any:
        if self._client is None:
            self._cluster.partitions(self._topics)
            connect_ms = max(_SHORTEST_CONNECT_MS, int(timeout_s * 1000))
            client = KafkaConsumer(**self._settings(), bootstrap_timeout_ms=connect_ms)
            client.subscribe(topics=list(self._topics), listener=self._assignment)
            # A group leader that knows no partitions yet would give everyone none, until metadata are next renewed.
            for topic in self._topics:
                client.partitions_for_topic(topic)
            self._client = client
        return self._client

    def _settings(self) -> Mapping[str, Any]:
        session_ms = int(self._session_timeout_s * 1000)
        return {
            **self._connection.settings(),
            "group_id": self._group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": max(100, session_ms // 3),
            "max_poll_interval_ms": max(_LONGEST_HANDLING_MS, session_ms),
            "metadata_max_age_ms": _METADATA_AGE_MS,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }


def _ms_until(deadline: float) -> int:
    return max(0, int((deadline - time.monotonic()) * 1000))


def _committed(positions: Positions) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*partition): OffsetAndMetadata(offset) for partition, offset in positions.items()}


def _record(found: Any) -> Record:
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.value,
        None if found.key is None else found.key.decode("utf-8", "surrogatepass"),
        tuple(found.headers),
        datetime.fromtimestamp(found.timestamp / 1000, UTC),
    )
