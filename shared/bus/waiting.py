"""What both implementations know about records that wait to be appended: their size, how much may wait, how long."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import chain

from shared.bus.ports import BusOverloaded, BusUnavailable, NewRecord, RecordTooLarge

MAX_RECORD_BYTES = 1_000_000
"""The default for the largest record: key, value and headers together."""

MAX_WAITING_BYTES = 64_000_000
"""The default for what one process holds in memory until it is durable."""

_HEADER_OVERHEAD = 10


def size_of(record: NewRecord) -> int:
    """Bytes of key, value and headers, with what a log adds for each header."""
    size = len(record.value) + (len(record.key) * 4 if record.key else 0)
    return size + sum(map(len, chain.from_iterable(record.headers))) + len(record.headers) * _HEADER_OVERHEAD


def check_size(record: NewRecord, most: int = MAX_RECORD_BYTES) -> int:
    """Bytes of a record. Raises RecordTooLarge when they are more than `most`."""
    size = size_of(record)
    if size > most:
        raise RecordTooLarge(f"a record of {size} bytes for {record.topic}; at most {most}")
    return size


def wait_until_durable(append: Future[None], timeout_s: float) -> None:
    """Wait for an append. Raises what it failed with, or BusUnavailable when it is not confirmed in time."""
    try:
        append.result(timeout_s)
    except TimeoutError:
        raise BusUnavailable(f"the append was not confirmed within {timeout_s} s") from None


class WaitingRoom:
    """Bounds the bytes that wait. Safe to use from several threads."""

    def __init__(self, *, max_record_bytes: int, max_waiting_bytes: int) -> None:
        self._max_record_bytes = max_record_bytes
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting = 0
        self._lock = threading.Lock()

    def enter(self, records: Iterable[NewRecord]) -> int:
        """Let all records in and return their bytes, to be given to `leave`.

        Raises RecordTooLarge, or BusOverloaded when they do not fit beside what waits; then none is in.
        """
        total = sum(check_size(record, self._max_record_bytes) for record in records)
        with self._lock:
            if self._waiting and self._waiting + total > self._max_waiting_bytes:
                raise BusOverloaded(f"{self._waiting} bytes wait to be appended; at most {self._max_waiting_bytes}")
            self._waiting += total
        return total

    def leave(self, size: int) -> None:
        """Make room again."""
        with self._lock:
            self._waiting -= size
