"""Group commit: one thread appends to one topic for everyone in this process who waits."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path

from shared.bus.embedded.topic_file import TopicFile
from shared.bus.ports import BusUnavailable, NewRecord, Topic

_log = logging.getLogger(__name__)

_MAX_COMMIT_BYTES = 16_000_000


class Append:
    """One submit: its future ends when the last of its topics is durable, or has failed."""

    __slots__ = ("_error", "_left", "_lock", "future")

    def __init__(self, future: Future[None], topics: int) -> None:
        self.future = future
        self._left = topics
        self._error: Exception | None = None
        self._lock = threading.Lock()

    def topic_done(self, error: Exception | None = None) -> None:
        """One of the topics has its records, or did not take them."""
        with self._lock:
            self._left -= 1
            self._error = self._error or error
            if self._left:
                return
        if self._error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(self._error)


class TopicWriter:
    """Appends to one topic from a thread of its own."""

    def __init__(self, path: Path, topic: Topic, *, on_append: Callable[[], None]) -> None:
        self._path = path
        self._topic = topic
        self._on_append = on_append
        self._file: TopicFile | None = None
        self._waiting: deque[tuple[Append, Sequence[NewRecord]]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"append {topic.name}", daemon=True)
        self._thread.start()

    def check(self, records: Iterable[NewRecord]) -> None:
        """Raise ValueError when the topic lacks the partition of a record."""
        for record in records:
            if not 0 <= record.partition < self._topic.partitions:
                raise ValueError(f"{self._topic} has no partition {record.partition}")

    def enqueue(self, append: Append, records: Sequence[NewRecord]) -> None:
        """Let the records be part of the next commit."""
        with self._wake:
            if self._closing:
                raise BusUnavailable("the bus is closed")
            self._waiting.append((append, records))
            self._wake.notify()

    def close(self) -> None:
        """Commit what waits and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)
        self._close_file()

    def _next_group(self) -> list[tuple[Append, Sequence[NewRecord]]]:
        """What the next transaction takes; empty at the end."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            group = []
            size = 0
            while self._waiting and size < _MAX_COMMIT_BYTES:
                group.append(self._waiting.popleft())
                size += sum(len(record.value) for record in group[-1][1])
            return group

    def _commit(self, group: Sequence[tuple[Append, Sequence[NewRecord]]]) -> None:
        error: Exception | None = None
        try:
            self._opened().append(record for _, records in group for record in records)
        # Whatever went wrong belongs to those who wait for this commit; the thread must live on for the next.
        except Exception as cause:  # noqa: BLE001
            error = BusUnavailable(f"{self._topic.name} cannot be appended to: {cause}")
            error.__cause__ = cause
            self._close_file()
            _log.warning("append failed", extra={"topic": self._topic.name, "cause": str(cause)})
        else:
            self._on_append()
        for append, _ in group:
            append.topic_done(error)

    def _opened(self) -> TopicFile:
        if self._file is None:
            self._file = TopicFile(self._path)
        return self._file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
