"""Apache Kafka as a bus."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.bus.kafka.cluster import Cluster
from shared.bus.kafka.consumer import GroupConsumer
from shared.bus.kafka.publisher import KafkaPublisher
from shared.bus.kafka.url import Connection
from shared.bus.ports import Positions, StartAt, Topic
from shared.bus.waiting import MAX_RECORD_BYTES, MAX_WAITING_BYTES, WaitingRoom

_REACHABLE_TIMEOUT_S = 1.0


class KafkaBus:
    """See `shared.bus.ports.Bus`. Nothing is connected before it is needed."""

    def __init__(
        self,
        connection: Connection,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._connection = connection
        self._max_record_bytes = max_record_bytes
        self._waiting = WaitingRoom(max_record_bytes=max_record_bytes, max_waiting_bytes=max_waiting_bytes)
        self._cluster = Cluster(connection)
        self._partitions: dict[str, int] = {}
        self._lock = threading.Lock()

    def create_topics(self, topics: Iterable[Topic]) -> None:
        """See the port."""
        self._cluster.create(topics, max_record_bytes=self._max_record_bytes)

    def publisher(self) -> KafkaPublisher:
        """See the port."""
        return KafkaPublisher(
            self._connection,
            partitions_of=self._partitions_of,
            waiting=self._waiting,
            max_record_bytes=self._max_record_bytes,
        )

    def consumer(
        self, group: str, topics: Sequence[str], *, start_at: StartAt, session_timeout_s: float = 10.0
    ) -> GroupConsumer:
        """See the port."""
        return GroupConsumer(
            self._connection,
            group,
            topics,
            cluster=self._cluster,
            start_at=start_at,
            session_timeout_s=session_timeout_s,
        )

    def end_positions(self, topics: Sequence[str]) -> Positions:
        """See the port; raises UnknownTopic."""
        return self._cluster.end_positions(topics)

    def positions_since(self, topics: Sequence[str], moment: datetime) -> Positions:
        """See the port; raises UnknownTopic."""
        return self._cluster.positions_since(topics, moment)

    def reported_positions(self, group: str, topics: Sequence[str]) -> Positions:
        """See the port."""
        return self._cluster.reported_positions(group, topics)

    def reachable(self) -> bool:
        """See the port."""
        return Cluster(self._connection, timeout_s=_REACHABLE_TIMEOUT_S).answers()

    def close(self) -> None:
        """See the port; the bus itself holds nothing."""

    def _partitions_of(self, topic: str) -> int:
        """Kept once known: the number of a topic's partitions is fixed."""
        with self._lock:
            if topic not in self._partitions:
                self._partitions.update(self._cluster.partitions([topic]))
            return self._partitions[topic]
