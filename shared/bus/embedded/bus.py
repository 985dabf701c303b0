"""The embedded log as a bus: topics, publishers and consumers on one directory."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from shared.bus.embedded.consumer import Arrivals, EmbeddedConsumer
from shared.bus.embedded.group_file import GroupFile, create_group_file
from shared.bus.embedded.membership import Membership
from shared.bus.embedded.publisher import EmbeddedPublisher
from shared.bus.embedded.retention import Retention
from shared.bus.embedded.sqlite import told_as_unavailable
from shared.bus.embedded.topic_file import TopicFile, create_topic_file
from shared.bus.embedded.writer import TopicWriter
from shared.bus.ports import BusUnavailable, Partition, Positions, StartAt, Topic, UnknownTopic
from shared.bus.waiting import MAX_RECORD_BYTES, MAX_WAITING_BYTES, WaitingRoom

_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class EmbeddedBus:
    """See `shared.bus.ports.Bus`. Any number of processes may open the same directory."""

    def __init__(
        self,
        directory: Path,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._directory = directory
        self._waiting = WaitingRoom(max_record_bytes=max_record_bytes, max_waiting_bytes=max_waiting_bytes)
        self._arrivals = Arrivals()
        self._retention: Retention | None = None
        self._writers: dict[str, TopicWriter] = {}
        self._lock = threading.Lock()
        self._closed = False

    def create_topics(self, topics: Iterable[Topic]) -> None:
        """See the port; raises ValueError for a name that is no file name. From now on what is too old is deleted."""
        for topic in topics:
            if not _TOPIC_NAME.fullmatch(topic.name):
                raise ValueError(
                    f"{topic.name!r} is no name for a topic: letters, digits, '.', '_' and '-', at most 200"
                )
            with told_as_unavailable(f"the topic {topic.name} cannot be created"):
                create_topic_file(self._topic_path(topic.name), topic)
        with self._lock:
            if self._retention is None and not self._closed:
                self._retention = Retention(self._directory / "topics")

    def publisher(self) -> EmbeddedPublisher:
        """See the port."""
        return EmbeddedPublisher(writer_of=self._writer_of, waiting=self._waiting)

    def consumer(
        self, group: str, topics: Sequence[str], *, start_at: StartAt, session_timeout_s: float = 10.0
    ) -> EmbeddedConsumer:
        """See the port; raises UnknownTopic."""
        with told_as_unavailable("the log cannot be opened"):
            create_group_file(self._groups_path)
            files = {name: self._opened(name) for name in topics}
            partitions = {name: file.topic.partitions for name, file in files.items()}
            membership = Membership(
                self._groups_path, group, partitions=partitions, session_timeout_s=session_timeout_s
            )
        return EmbeddedConsumer(membership=membership, files=files, arrivals=self._arrivals, start_at=start_at)

    def end_positions(self, topics: Sequence[str]) -> Positions:
        """See the port; raises UnknownTopic."""
        found: dict[Partition, int] = {}
        with told_as_unavailable("the log cannot be read"):
            for name in topics:
                with closing(self._opened(name)) as file:
                    found.update({(name, number): end for number, end in enumerate(file.next_offsets())})
        return found

    def positions_since(self, topics: Sequence[str], moment: datetime) -> Positions:
        """See the port; raises UnknownTopic."""
        found: dict[Partition, int] = {}
        with told_as_unavailable("the log cannot be read"):
            for name in topics:
                with closing(self._opened(name)) as file:
                    found.update({(name, number): at for number, at in enumerate(file.offsets_since(moment))})
        return found

    def reported_positions(self, group: str, topics: Sequence[str]) -> Positions:
        """See the port."""
        if not self._groups_path.exists():
            return {}
        with told_as_unavailable("the groups cannot be read"), closing(GroupFile(self._groups_path, group)) as groups:
            return groups.reported(topics)

    def reachable(self) -> bool:
        """See the port."""
        try:
            with told_as_unavailable("the groups cannot be opened"):
                create_group_file(self._groups_path)
            self.reported_positions("", ())
        except BusUnavailable:
            return False
        return True

    def close(self) -> None:
        """Commit what waits and end the writers; what is submitted afterwards is refused."""
        with self._lock:
            self._closed = True
            writers, retention = list(self._writers.values()), self._retention
        for writer in writers:
            writer.close()
        if retention is not None:
            retention.close()

    @property
    def _groups_path(self) -> Path:
        return self._directory / "groups.sqlite"

    def _topic_path(self, name: str) -> Path:
        return self._directory / "topics" / f"{name}.sqlite"

    def _opened(self, name: str) -> TopicFile:
        path = self._topic_path(name)
        if not _TOPIC_NAME.fullmatch(name) or not path.exists():
            raise UnknownTopic(f"the topic {name!r} was never created in {self._directory}")
        return TopicFile(path)

    def _writer_of(self, name: str) -> TopicWriter:
        writer = self._writers.get(name)
        return writer if writer is not None else self._new_writer(name)

    def _new_writer(self, name: str) -> TopicWriter:
        with self._lock, told_as_unavailable(f"the topic {name} cannot be opened"):
            if self._closed:
                raise BusUnavailable("the bus is closed")
            if name not in self._writers:
                with closing(self._opened(name)) as file:
                    topic = file.topic
                self._writers[name] = TopicWriter(self._topic_path(name), topic, on_append=self._arrivals.tell)
            return self._writers[name]
