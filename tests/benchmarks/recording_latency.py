"""From the 200 to a consumer of `touchpoints`, at a steady 1,000 events a second."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from shared.bus.cloudevents import from_record
from shared.bus.opening import open_bus
from shared.contracts.topics import TOUCHPOINTS
from tests.benchmarks.recording_load import call
from tests.support.real_servers import free_ports

_WRITE_KEY = "wk_latency"
_EVENTS_A_SECOND = 1_000
_EVENTS_A_REQUEST = 10
_FIRST = 900_000_000_000
"""Message ids that no other part of the benchmark uses."""


def latencies(environment: Mapping[str, str], bus_url: str, seconds: float) -> str:
    """The row of a table: median, 99th percentile and the worst, over every event of a run."""
    with _api(environment) as port:
        reader = _Reader(bus_url)
        _send(port, 1.0, _FIRST)
        acknowledged = _send(port, seconds, _FIRST * 2)
        arrived = reader.close(acknowledged.keys())
    missing = acknowledged.keys() - arrived.keys()
    if missing:
        raise SystemExit(f"{len(missing)} acknowledged events never came out")
    waits = sorted(max(0.0, arrived[one] - at) * 1000 for one, at in acknowledged.items())
    rate = len(waits) / (max(acknowledged.values()) - min(acknowledged.values()))
    return (
        f"{rate:>9,.0f} events/s, from the 200 to a consumer: p50 {waits[len(waits) // 2]:5.1f} ms  "
        f"p99 {waits[int(len(waits) * 0.99)]:5.1f} ms  worst {waits[-1]:5.1f} ms"
    )


class _Reader:
    """Reads `touchpoints` in a thread and notes when each message came."""

    def __init__(self, bus_url: str) -> None:
        self._bus = open_bus(bus_url)
        ends = self._bus.end_positions([TOUCHPOINTS.name])
        self._consumer = self._bus.consumer("latency", [TOUCHPOINTS.name], start_at=lambda _: ends)
        self._arrived: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self, expected: Any, within_s: float = 15.0) -> dict[str, float]:
        """When each message came, once all expected ones have or it took too long."""
        give_up = time.perf_counter() + within_s
        while expected - self._arrived.keys() and time.perf_counter() < give_up:
            time.sleep(0.05)
        self._stop.set()
        self._thread.join()
        self._consumer.close()
        self._bus.close()
        return self._arrived

    def _run(self) -> None:
        while not self._stop.is_set():
            records = self._consumer.poll(timeout_s=0.2)
            now = time.perf_counter()
            for record in records:
                for event in from_record(record):
                    self._arrived.setdefault(msgspec.json.decode(event.data)["message_id"], now)


def _send(port: int, seconds: float, first: int) -> dict[str, float]:
    """When each message was acknowledged."""
    acknowledged: dict[str, float] = {}
    pause = _EVENTS_A_REQUEST / _EVENTS_A_SECOND
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=(_WRITE_KEY, "")) as http:
        due = time.perf_counter()
        for request in range(int(seconds / pause)):
            start = first + request * _EVENTS_A_REQUEST
            calls = [call(number) for number in range(start, start + _EVENTS_A_REQUEST)]
            time.sleep(max(0.0, due - time.perf_counter()))
            due += pause
            http.post("/v1/batch", content=msgspec.json.encode({"batch": calls})).raise_for_status()
            now = time.perf_counter()
            acknowledged.update((str(one["messageId"]), now) for one in calls)
    return acknowledged


@contextmanager
def _api(environment: Mapping[str, str]) -> Iterator[int]:
    """An events API in a process of its own."""
    (port,) = free_ports(1)
    own = {"RAPPORT_EVENTS_PORT": str(port), "RAPPORT_DEV_WRITE_KEY": _WRITE_KEY}
    process = subprocess.Popen([sys.executable, "-m", "services.events", "api"], env={**environment, **own})
    try:
        for _ in range(200):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").is_success:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)
