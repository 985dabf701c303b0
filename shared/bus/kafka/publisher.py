"""Appends to Kafka from a thread of its own, so that a caller never waits for a broker."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from shared.bus.kafka.errors import told
from shared.bus.kafka.url import Connection
from shared.bus.ports import BusError, BusUnavailable, NewRecord
from shared.bus.waiting import WaitingRoom

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_MS = 5_000
_REQUEST_TIMEOUT_MS = 10_000
_DELIVERY_TIMEOUT_MS = 30_000
_MAX_REQUEST_BYTES = 4_000_000
_BATCH_BYTES = 256 * 1024
_LINGER_MS = 1

PartitionsOf = Callable[[str], int]
"""The number of a topic's partitions; raises UnknownTopic or BusUnavailable."""


class _Append:
    """One submit, which ends with the last of its records."""

    __slots__ = ("_error", "_left", "_lock", "future", "records")

    def __init__(self, records: Sequence[NewRecord]) -> None:
        self.records = records
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()
        self._left = len(records)
        self._error: BusError | None = None
        self._lock = threading.Lock()

    def record_done(self, error: BaseException | None, _metadata: object = None) -> None:
        """A record is durable, or was not appended."""
        with self._lock:
            self._left -= 1
            if error is not None and self._error is None:
                self._error = told(error)
            if self._left:
                return
        self.end(self._error)

    def end(self, error: Exception | None) -> None:
        """Let the caller know."""
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


class KafkaPublisher:
    """See `shared.bus.ports.Publisher`."""

    def __init__(
        self, connection: Connection, *, partitions_of: PartitionsOf, waiting: WaitingRoom, max_record_bytes: int
    ) -> None:
        self._connection = connection
        self._partitions_of = partitions_of
        self._waiting_room = waiting
        self._max_request_bytes = max(_MAX_REQUEST_BYTES, 2 * max_record_bytes)
        self._producer: Any = None
        self._waiting: deque[_Append] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="append to kafka", daemon=True)
        self._thread.start()

    def publish(self, records: Sequence[NewRecord], *, timeout_s: float = 30.0) -> None:
        """See the port."""
        try:
            self.submit(records).result(timeout_s)
        except TimeoutError:
            raise BusUnavailable(f"the append was not confirmed within {timeout_s} s") from None

    def submit(self, records: Sequence[NewRecord]) -> Future[None]:
        """See the port. The future cannot be cancelled: what is submitted will be appended, or fail."""
        append = _Append(records)
        try:
            size = self._waiting_room.enter(records)
        except BusError as error:
            append.end(error)
            return append.future
        append.future.add_done_callback(lambda _: self._waiting_room.leave(size))
        with self._wake:
            if not self._closing and records:
                self._waiting.append(append)
                self._wake.notify()
                return append.future
        append.end(BusUnavailable("the publisher is closed") if records else None)
        return append.future

    def close(self) -> None:
        """See the port; waits for what was submitted as long as its delivery may take."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._producer is not None:
            self._producer.close(timeout=_DELIVERY_TIMEOUT_MS / 1000)

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            try:
                producer = self._connected()
            # Whatever keeps the producer from starting belongs to those who wait; the next group tries again.
            except Exception as error:  # noqa: BLE001
                logger.warning("no broker answers", extra={"servers": self._connection.servers, "cause": str(error)})
                for append in group:
                    append.end(told(error))
                continue
            for append in group:
                self._send(producer, append)

    def _next_group(self) -> list[_Append] | None:
        """All that wait; None when the publisher is closed and nothing waits."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            group = list(self._waiting)
            self._waiting.clear()
        return group or None

    def _send(self, producer: Any, append: _Append) -> None:
        try:
            self._check(append.records)
        except (BusError, ValueError) as error:
            append.end(error)
            return
        for record in append.records:
            self._send_record(producer, append, record)

    def _check(self, records: Sequence[NewRecord]) -> None:
        for topic, partition in {(record.topic, record.partition) for record in records}:
            if not 0 <= partition < self._partitions_of(topic):
                raise ValueError(f"{topic} has no partition {partition}")

    def _send_record(self, producer: Any, append: _Append, record: NewRecord) -> None:
        key = None if record.key is None else record.key.encode("utf-8", "surrogatepass")
        try:
            sent = producer.send(
                record.topic, value=record.value, key=key, headers=list(record.headers), partition=record.partition
            )
        except (KafkaError, ValueError) as error:
            append.record_done(error)
            return
        sent.add_callback(partial(append.record_done, None))
        sent.add_errback(append.record_done)

    def _connected(self) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(**self._settings())
        return self._producer

    def _settings(self) -> Mapping[str, Any]:
        return {
            **self._connection.settings(),
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": self._connection.compression,
            "linger_ms": _LINGER_MS,
            "batch_size": _BATCH_BYTES,
            "max_request_size": self._max_request_bytes,
            "allow_auto_create_topics": False,
            "max_block_ms": _CONNECT_TIMEOUT_MS,
            "bootstrap_timeout_ms": _CONNECT_TIMEOUT_MS,
            "request_timeout_ms": _REQUEST_TIMEOUT_MS,
            "delivery_timeout_ms": _DELIVERY_TIMEOUT_MS,
            "metrics_enabled": False,
        }
