"""Appends to the embedded log through the process's writers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future

from shared.bus.embedded.writer import Append, TopicWriter
from shared.bus.ports import BusError, BusUnavailable, NewRecord
from shared.bus.waiting import WaitingRoom, wait_until_durable


class EmbeddedPublisher:
    """See `shared.bus.ports.Publisher`."""

    def __init__(self, *, writer_of: Callable[[str], TopicWriter], waiting: WaitingRoom) -> None:
        self._writer_of = writer_of
        self._waiting = waiting
        self._open: set[Future[None]] = set()
        self._lock = threading.Lock()

    def publish(self, records: Sequence[NewRecord], *, timeout_s: float = 30.0) -> None:
        """See the port."""
        wait_until_durable(self.submit(records), timeout_s)

    def submit(self, records: Sequence[NewRecord]) -> Future[None]:
        """See the port. The future cannot be cancelled: what is submitted will be appended."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        try:
            self._start(records, future)
        except (BusError, ValueError) as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """See the port."""
        with self._lock:
            waited_for = list(self._open)
        futures.wait(waited_for)

    def _start(self, records: Sequence[NewRecord], future: Future[None]) -> None:
        by_topic: dict[str, list[NewRecord]] = {}
        for record in records:
            by_topic.setdefault(record.topic, []).append(record)
        if not by_topic:
            future.set_result(None)
            return
        writers = {topic: self._writer_of(topic) for topic in by_topic}
        for topic, writer in writers.items():
            writer.check(by_topic[topic])
        size = self._waiting.enter(records)
        with self._lock:
            self._open.add(future)
        future.add_done_callback(lambda done: self._finished(done, size))
        append = Append(future, len(by_topic))
        for topic, writer in writers.items():
            try:
                writer.enqueue(append, by_topic[topic])
            except BusUnavailable as error:
                append.topic_done(error)

    def _finished(self, future: Future[None], size: int) -> None:
        self._waiting.leave(size)
        with self._lock:
            self._open.discard(future)
