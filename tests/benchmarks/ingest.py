"""Durable ingest: events a second, latency and memory of one API process, beside what the disk can do.

`python tests/benchmarks/ingest.py [--seconds 10] [--bus URL]` prints a table. The load comes from this process over
keep-alive connections to 127.0.0.1, a closed loop: each connection sends its next request when the last was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import psutil

WRITE_KEY = "wk_benchmark"
_BODIES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `syncs` is how often the disk synced 4 KB appends in the second before, for scale."""

    what: str
    bus: str
    events_per_s: float
    p50_ms: float
    p99_ms: float
    rss_mb: float
    cpu_cores: float
    syncs_per_s: float

    def __str__(self) -> str:
        return (
            f"{self.what:<14}{self.bus:<10}{self.events_per_s:>12,.0f} events/s  p50 {self.p50_ms:6.2f} ms  "
            f"p99 {self.p99_ms:6.2f} ms  RSS {self.rss_mb:5.0f} MB  {self.cpu_cores:4.2f} cores  "
            f"fdatasync {self.syncs_per_s:,.0f}/s"
        )


def rows(*, seconds: float = 10.0, bus_url: str | None = None) -> list[Row]:
    """Batches of 100 and single calls at full load and at half of it, on the embedded bus or the one at `bus_url`."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), bus_url) as (port, process):
        name = "kafka" if bus_url and bus_url.startswith("kafka:") else "embedded"
        found = []
        for what, events, connections in (("batch of 100", 100, 16), ("single track", 1, 64)):
            requests = [_request(events, number) for number in range(_BODIES)]
            load = Load(port, requests, events)
            asyncio.run(load.run(connections=connections, seconds=1.0, pace=None))
            full = measure(load, what, name, connections, seconds, None, process, Path(folder))
            pace = full.events_per_s / events / 2
            found += [full, measure(load, f"{what} /2", name, connections, seconds / 2, pace, process, Path(folder))]
        return found


@contextmanager
def serving(folder: Path, bus_url: str | None) -> Iterator[tuple[int, psutil.Process]]:
    """An events API in a process of its own, migrated and ready."""
    port = _free_port()
    environment = {
        **os.environ,
        "RAPPORT_EVENTS_DATABASE_URL": f"sqlite:///{folder}/events.db",
        "RAPPORT_BUS_URL": bus_url or str(folder / "bus"),
        "RAPPORT_EVENTS_PORT": str(port),
        "RAPPORT_DEV_WRITE_KEY": WRITE_KEY,
        "RAPPORT_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "services.events"]
    subprocess.run([*command, "migrate"], env=environment, check=True)
    process = subprocess.Popen([*command, "api"], env=environment)
    try:
        _wait_ready(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def measure(
    load: Load,
    what: str,
    bus: str,
    connections: int,
    seconds: float,
    pace: float | None,
    process: psutil.Process,
    folder: Path,
) -> Row:
    """One row; `pace` in requests a second, None for as fast as it goes."""
    syncs = syncs_per_second(folder)
    began, busy = time.perf_counter(), sum(process.cpu_times()[:2])
    latencies = sorted(asyncio.run(load.run(connections=connections, seconds=seconds, pace=pace)))
    took = time.perf_counter() - began
    return Row(
        what,
        bus,
        len(latencies) * load.events / took,
        latencies[len(latencies) // 2] * 1000,
        latencies[int(len(latencies) * 0.99)] * 1000,
        process.memory_info().rss / 2**20,
        (sum(process.cpu_times()[:2]) - busy) / took,
        syncs,
    )


class Load:
    """Sends the same few requests again and again."""

    def __init__(self, port: int, requests: list[bytes], events: int) -> None:
        self.port = port
        self.requests = requests
        self.events = events

    async def run(self, *, connections: int, seconds: float, pace: float | None) -> list[float]:
        """The latency of every request, in seconds; with a pace it counts from when the request was due."""
        latencies: list[float] = []
        end = time.perf_counter() + seconds
        each = pace / connections if pace else None
        await asyncio.gather(*(self._one(latencies, end, each, number) for number in range(connections)))
        return latencies

    async def _one(self, latencies: list[float], end: float, pace: float | None, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        due = time.perf_counter() + (number % 7) / 7 / pace if pace else 0.0
        while (now := time.perf_counter()) < end:
            if pace:
                await asyncio.sleep(max(0.0, due - now))
                began, due = due, due + 1 / pace
            else:
                began = now
            number += 1
            writer.write(self.requests[number % len(self.requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            await reader.readexactly(17)
            latencies.append(time.perf_counter() - began)
        writer.close()


def syncs_per_second(folder: Path, seconds: float = 0.5) -> float:
    """How often the disk makes 4 KB durable, one after another."""
    handle = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            os.write(handle, b"x" * 4096)
            os.fdatasync(handle)
            count += 1
        return count / seconds
    finally:
        os.close(handle)


def _request(events: int, number: int) -> bytes:
    calls = [_call(number * events + index) for index in range(events)]
    path, body = ("/v1/track", calls[0]) if events == 1 else ("/v1/batch", {"batch": calls, "sentAt": _NOW})
    encoded = msgspec.json.encode(body)
    key = b64encode(f"{WRITE_KEY}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Basic {key}\r\n"
        f"Content-Length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded


_NOW = "2026-01-01T00:00:00.000Z"


def _call(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "messageId": f"benchmark-{number:032d}",
        "userId": f"user-{number % 997}",
        "event": "Product Viewed",
        "timestamp": _NOW,
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
        "properties": {"product_id": f"{number}", "sku": f"A-{number}", "name": "Paper lantern", "price": 12.5},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(port: int) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("events did not become ready within 10 s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--bus", help="kafka://host:port; embedded without")
    options = parser.parse_args()
    for row in rows(seconds=options.seconds, bus_url=options.bus):
        print(row)  # noqa: T201 - a table is what was asked for


if __name__ == "__main__":
    main()
