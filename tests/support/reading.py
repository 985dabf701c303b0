"""Reading from a bus in tests: until so much is there, or so long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from shared.bus.ports import Consumer, Partition, Positions, Record


def from_the_oldest(_partitions: Iterable[Partition]) -> Positions:
    """A `start_at` that reads all there is."""
    return {}


def read(consumer: Consumer, count: int, *, timeout_s: float = 60.0) -> list[Record]:
    """Poll until `count` records came; fail the test after `timeout_s`."""
    found: list[Record] = []
    deadline = time.monotonic() + timeout_s
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records within {timeout_s} s"
        found += consumer.poll(timeout_s=0.2)
    return found


def poll_until(consumers: Sequence[Consumer], happened: Callable[[], bool], *, timeout_s: float = 60.0) -> list[Record]:
    """Poll all members of a group in turn until `happened`; return what they read on the way."""
    found: list[Record] = []
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"did not happen within {timeout_s} s"
        for consumer in consumers:
            found += consumer.poll(timeout_s=0.05)
    return found
