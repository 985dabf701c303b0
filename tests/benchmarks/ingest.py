"""Durable ingest by one API process: events a second, latency, processor time and memory.

`python -m tests.benchmarks.ingest [--seconds 5] [--bus URL]` prints a table for the embedded log and, where a broker
can be had, for Kafka: as it comes, and with a sync for each record. `--events 10000000` prints a line for each million
instead. The ratios are to the same server without an application behind it, and to one process that writes and syncs as
many bodies at a time as connections wait. `/2` is half of the rate that was reached before, with latencies from when a
request was due. Requests come from this process.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import psutil

from tests.benchmarks.disk import syncs_per_second
from tests.benchmarks.events_api import bare_http, events_api, requests
from tests.benchmarks.http_load import send
from tests.benchmarks.peers.collector.gateway import collector
from tests.benchmarks.peers.flume.agent import flume_agent
from tests.benchmarks.peers.peer import Peer, Server
from tests.support.kafka import NEVER, KafkaBroker
from tests.support.real_servers import ServerMissingError

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent, over how many connections."""

    what: str
    events: int
    connections: int


LOADS = (Load("batch of 100", 100, 32), Load("single track", 1, 64))


PEERS = (
    Peer("Flume", flume_agent),
    Peer("Collector", collector),
    Peer("Collector+batch", partial(collector, batch=True)),
)
LIMITS = ("HTTP", "disk", *(peer.name for peer in PEERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. `others` is how many cores were busy with anything but the server and its client.

    `limits` are what the HTTP layer and the disk can do with the same requests, and what the peers did with the same
    events, in events a second, by name.
    """

    what: str
    events_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    rss_mb: float
    others: float
    limits: Mapping[str, float]

    def __str__(self) -> str:
        ratios = {name: f"{self.events_per_s / limit:.2f}" for name, limit in self.limits.items()}
        return (
            f"{self.what:<36}{self.events_per_s:>11,.0f}{self.p50_ms:>9.2f}{self.p99_ms:>9.2f}{self.cpu_us:>11.2f}"
            f"{self.rss_mb:>8.0f}{self.others:>8.2f}{_columns(ratios)}"
        ).rstrip()


def _columns(cells: Mapping[str, str]) -> str:
    """The cell of each limit under `of NAME`; empty where there is none."""
    return "".join(f"{cells.get(name, ''):>{len(name) + 5}}" for name in LIMITS)


HEAD = (
    f"{'durable ingest':<36}{'events/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'CPU us/ev.':>11}"
    f"{'RSS MB':>8}{'others':>8}{_columns({name: f'of {name}' for name in LIMITS})}"
)


def rows(*, seconds: float, bus_url: str | None = None) -> Iterator[Row]:
    """The limits, then for each bus its peers, and the bus at full load and at half of it."""
    limits: dict[Load, Mapping[str, float]] = {}
    with bare_http() as (port, process):
        for load in LOADS:
            server = Server(port=port, process=process)
            bare = _measure(server, load, f"bare HTTP, {load.what}", seconds=seconds / 2)
            limits[load] = {"HTTP": bare.events_per_s, "disk": _disk_limit(load)}
            yield bare
    for name, url in _buses(bus_url):
        beside = {load: dict(limits[load]) for load in LOADS}
        for peer in PEERS:
            for load, row in _peer_rows(peer, url, seconds=seconds):
                beside[load][peer.name] = row.events_per_s
                yield row
        with events_api(url) as (port, process):
            server = Server(port=port, process=process)
            for load in LOADS:
                what = f"{name}, {load.what}"
                full = _measure(server, load, what, seconds=seconds, limits=beside[load])
                yield full
                pace = full.events_per_s / load.events / 2
                yield _measure(server, load, f"{what} /2", seconds=seconds, pace=pace, limits=beside[load])


def _peer_rows(peer: Peer, bus_url: str | None, *, seconds: float) -> Iterator[tuple[Load, Row]]:
    """A peer as durable as the bus; nothing but a line that says why where it cannot be had."""
    kept_in = "file" if bus_url is None else "kafka"
    try:
        with peer.running(bus_url) as server:
            for load in LOADS:
                yield load, _measure(server, load, f"{peer.name} {kept_in}, {load.what}", seconds=seconds)
    except ServerMissingError as why:
        sys.stderr.write(f"no {peer.name}: {why}\n")


def curve(events: int, *, bus_url: str | None = None) -> Iterator[Row]:
    """A row for each million of events, in batches of 100."""
    load = LOADS[0]
    with events_api(bus_url) as (port, process):
        for million in range(1, events // _MILLION + 1):
            server = Server(port=port, process=process)
            yield _measure(server, load, f"million {million}", most=_MILLION // load.events)


def _measure(
    server: Server,
    load: Load,
    what: str,
    *,
    seconds: float = math.inf,
    most: int | None = None,
    pace: float | None = None,
    limits: Mapping[str, float] = MappingProxyType({}),
) -> Row:
    sending = partial(
        send,
        server.port,
        server.requests(load.events),
        connections=load.connections,
        pace=pace,
        answer_end=server.answer_end,
    )
    if most is None:
        sending(seconds=server.warm_up_s)
    began, busy, served, ours = time.perf_counter(), _busy(), _cpu(server.process), time.process_time()
    latencies = sending(seconds=seconds, most=most)
    took, used, ours = time.perf_counter() - began, _cpu(server.process) - served, time.process_time() - ours
    events = len(latencies) * load.events
    return Row(
        what=what,
        events_per_s=events / took,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[int(len(latencies) * 0.99)] * 1000,
        cpu_us=used / events * 1e6,
        rss_mb=server.process.memory_info().rss / 2**20,
        others=max(0.0, _busy() - busy - used - ours) / took,
        limits=limits,
    )


def _disk_limit(load: Load) -> float:
    """Events a second when one process writes what all connections wait for, and syncs."""
    size = load.connections * len(requests(load.events)[0])
    with tempfile.TemporaryDirectory() as folder:
        return syncs_per_second(Path(folder), size=size) * load.connections * load.events


def _buses(url: str | None) -> Iterator[tuple[str, str | None]]:
    if url is not None:
        yield url.partition(":")[0], url
        return
    yield "embedded", None
    for name, sync_every in (("kafka", NEVER), ("kafka, synced", 1)):
        with tempfile.TemporaryDirectory() as folder:
            broker = KafkaBroker(Path(folder), sync_every=sync_every)
            try:
                broker.start()
            except ServerMissingError as why:
                sys.stderr.write(f"no Kafka: {why}\n")
                return
            try:
                yield name, broker.url
            finally:
                broker.stop()


def _busy() -> float:
    """Seconds that cores were busy since the machine started, whoever with."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each row")
    parser.add_argument("--bus", metavar="URL", help="this bus alone, such as kafka://host:port")
    parser.add_argument("--events", type=int, help="send so many, and print a line for each million")
    options = parser.parse_args()
    sys.stdout.write(f"{HEAD}\n")
    table = (
        curve(options.events, bus_url=options.bus)
        if options.events
        else rows(seconds=options.seconds, bus_url=options.bus)
    )
    for row in table:
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
