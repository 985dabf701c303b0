"""Appends to Kafka from a thread of its own, so that a caller never waits for a broker."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from shared.bus.kafka.append import ANSWER_WITHIN_S, Append
from shared.bus.kafka.errors import told
from shared.bus.kafka.url import Connection
from shared.bus.ports import BusError, BusUnavailable, NewRecord
from shared.bus.waiting import WaitingRoom, wait_until_durable

_log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_MS = 5_000
_REQUEST_TIMEOUT_MS = 10_000
_OVERDUE_PAUSE_S = 1.0
_CLOSING_PAUSE_S = 0.01
_CLOSE_WITHIN_S = 5.0
# The producer never gives a batch up: after doing so, kafka-python 3.0's idempotent producer sends nothing more.
_DELIVERY_TIMEOUT_MS = 7 * 86_400_000
_MAX_REQUEST_BYTES = 4_000_000
_BATCH_BYTES = 256 * 1024
_LINGER_MS = 0  # who submits has gathered already

PartitionsOf = Callable[[str], int]
"""The number of a topic's partitions; raises UnknownTopic or BusUnavailable."""


class KafkaPublisher:
    """See `shared.bus.ports.Publisher`."""

    def __init__(
        self, connection: Connection, *, partitions_of: PartitionsOf, waiting: WaitingRoom, max_record_bytes: int
    ) -> None:
        self._connection = connection
        self._partitions_of = partitions_of
        self._room = waiting
        self._max_request_bytes = max(_MAX_REQUEST_BYTES, 2 * max_record_bytes)
        self._producer: Any = None
        self._waiting: deque[Append] = deque()
        self._open: deque[Append] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="append to kafka", daemon=True)
        self._thread.start()

    def publish(self, records: Sequence[NewRecord], *, timeout_s: float = 30.0) -> None:
        """See the port."""
        wait_until_durable(self.submit(records), timeout_s)

    def submit(self, records: Sequence[NewRecord]) -> Future[None]:
        """See the port. The future cannot be cancelled: what is submitted will be appended, or fail."""
        try:
            size = self._room.enter(records)
        except BusError as error:
            return _ended(error)
        append = Append(records, partial(self._room.leave, size))
        with self._wake:
            if records and not self._closing:
                self._waiting.append(append)
                self._open.append(append)
                self._wake.notify()
                return append.future
        append.settle(BusUnavailable("the publisher is closed") if records else None)
        return append.future

    def close(self) -> None:
        """See the port; what no broker took by then is answered with BusUnavailable."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._producer is not None:
            with suppress(KafkaError):
                self._producer.close(timeout=_CLOSE_WITHIN_S)

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            self._answer_overdue()
            if group:
                self._send_all(group)

    def _next_group(self) -> list[Append] | None:
        """What is to be sent now, nothing once a second; None when the publisher is closed and all is answered."""
        with self._wake:
            if not self._waiting:
                if self._closing and not self._open:
                    return None
                self._wake.wait(_CLOSING_PAUSE_S if self._closing else _OVERDUE_PAUSE_S)
            group = list(self._waiting)
            self._waiting.clear()
        return group

    def _answer_overdue(self) -> None:
        """Tell callers who wait too long; the producer keeps trying, since its sequence does not survive giving up."""
        now = time.monotonic()
        with self._wake:
            while self._open and (self._open[0].future.done() or self._open[0].overdue_at < now):
                append = self._open.popleft()
                append.answer(BusUnavailable(f"no broker confirmed the append within {ANSWER_WITHIN_S} s"))

    def _send_all(self, group: Sequence[Append]) -> None:
        try:
            producer = self._connected()
        # Whatever keeps the producer from starting belongs to those who wait; the next group tries again.
        except Exception as error:  # noqa: BLE001
            _log.warning("no broker answers", extra={"servers": self._connection.servers, "cause": str(error)})
            for append in group:
                append.settle(told(error))
            return
        for append in group:
            self._send(producer, append)

    def _send(self, producer: Any, append: Append) -> None:
        try:
            self._check(append.records)
        except (BusError, ValueError) as error:
            append.settle(error)
            return
        for record in append.records:
            self._send_record(producer, append, record)

    def _check(self, records: Sequence[NewRecord]) -> None:
        for topic, partition in {(record.topic, record.partition) for record in records}:
            if not 0 <= partition < self._partitions_of(topic):
                raise ValueError(f"{topic} has no partition {partition}")

    def _send_record(self, producer: Any, append: Append, record: NewRecord) -> None:
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


def _ended(error: BusError) -> Future[None]:
    future: Future[None] = Future()
    future.set_exception(error)
    return future
