"""What is asked of the cluster now and then: topics, offsets, whether it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from time import monotonic, sleep
from typing import Any, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    for_code,
)

from shared.bus.kafka.errors import telling
from shared.bus.kafka.url import Connection
from shared.bus.ports import BusUnavailable, Partition, Topic, UnknownTopic

_DAY_MS = 86_400_000
_BATCH_OVERHEAD_BYTES = 1024
_ALREADY_EXISTS = 36
_UNKNOWN_TOPIC = (3, 17)
_NOT_COORDINATED = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
_ASK_EVERY_S = 0.1
T = TypeVar("T")


class Cluster:
    """Each question is asked through a client of its own: they are rare, and none outlives a broker."""

    def __init__(self, connection: Connection, *, timeout_s: float = 5.0) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    def create(self, topics: Iterable[Topic], *, max_record_bytes: int) -> None:
        """Create the topics that are missing, and wait until they can be written to. Raises BusUnavailable."""
        wanted = {topic.name: _creation(topic, max_record_bytes) for topic in topics}
        if not wanted:
            return
        with self._client() as client:
            answer = client.create_topics(wanted, raise_errors=False)
            for topic in answer["topics"]:
                if topic["error_code"] not in (0, _ALREADY_EXISTS):
                    raise BusUnavailable(f"{topic['name']} cannot be created: {topic.get('error_message')}")
            client.wait_for_topics(list(wanted))

    def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """The number of partitions of each topic. Raises UnknownTopic, BusUnavailable."""
        with self._client() as client:
            return _partitions(client, topics)

    def end_positions(self, topics: Iterable[str]) -> dict[Partition, int]:
        """The next offset of every partition. Raises UnknownTopic, BusUnavailable."""
        with self._client() as client:
            return _offsets(client, topics, OffsetSpec.LATEST)

    def positions_since(self, topics: Iterable[str], moment: datetime) -> dict[Partition, int]:
        """The first offset appended at `moment` or later, else the end. Raises UnknownTopic, BusUnavailable."""
        with self._client() as client:
            # The ends first: what is appended meanwhile lies behind them.
            ends = _offsets(client, topics, OffsetSpec.LATEST)
            first = _offsets(client, topics, int(moment.timestamp() * 1000))
        return {place: first[place] if first[place] >= 0 else end for place, end in ends.items()}

    def reported_positions(self, group: str, topics: Iterable[str]) -> dict[Partition, int]:
        """What the group committed. Raises BusUnavailable."""
        wanted = set(topics)
        with self._client() as client:
            found = _once_coordinated(lambda: client.list_group_offsets({group: None}), self._timeout_s)[group]
        return {(part.topic, part.partition): at.offset for part, at in found.items() if part.topic in wanted}

    def answers(self) -> bool:
        """Whether a broker answers before the timeout."""
        try:
            with self._client():
                return True
        except BusUnavailable:
            return False

    @contextmanager
    def _client(self) -> Iterator[Any]:
        timeout_ms = int(self._timeout_s * 1000)
        with telling():
            client = KafkaAdminClient(
                **self._connection.settings(), bootstrap_timeout_ms=timeout_ms, request_timeout_ms=timeout_ms
            )
            try:
                yield client
            finally:
                client.close()


def _once_coordinated(ask: Callable[[], T], timeout_s: float) -> T:
    """A new cluster makes the topic of groups' offsets when it is first asked for a group, and says so meanwhile."""
    give_up = monotonic() + timeout_s
    while True:
        try:
            return ask()
        except _NOT_COORDINATED:
            if monotonic() >= give_up:
                raise
            sleep(_ASK_EVERY_S)


def _creation(topic: Topic, max_record_bytes: int) -> Mapping[str, Any]:
    return {
        "num_partitions": topic.partitions,
        "configs": {
            "retention.ms": str(topic.retention_days * _DAY_MS),
            "max.message.bytes": str(max_record_bytes + _BATCH_OVERHEAD_BYTES),
            "message.timestamp.type": "LogAppendTime",
        },
    }


def _offsets(client: Any, topics: Iterable[str], at: OffsetSpec | int) -> dict[Partition, int]:
    """The offset of every partition that Kafka names for a moment in milliseconds; -1 where it names none."""
    counts = _partitions(client, topics)
    wanted = {TopicPartition(name, number): at for name, count in counts.items() for number in range(count)}
    found = client.list_partition_offsets(wanted)
    return {(partition.topic, partition.partition): there.offset for partition, there in found.items()}


def _partitions(client: Any, topics: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for topic in client.describe_topics(list(topics)):
        if topic["error_code"] in _UNKNOWN_TOPIC:
            raise UnknownTopic(f"the topic {topic['name']!r} was never created")
        if topic["error_code"]:
            raise for_code(topic["error_code"])(topic["name"])
        counts[topic["name"]] = len(topic["partitions"])
    return counts
