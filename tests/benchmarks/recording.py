"""From acknowledgement to the timeline: events a second of one events worker, its lag, and what a million more cost.

`python -m tests.benchmarks.recording [--events 300000] [--postgres] [--kafka] [--latency SECONDS] [--curve MILLIONS]`
fills the ingest log with track calls of about 400 bytes and starts `python -m services.events worker` on it: once with
all loops in one process, and once as `make run` does, with a second worker for what takes long. Beside it stands what
the same database takes of rows of the same size and nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from deploy.local.configuration import WORKERS
from services.events.adapters.bus.ingest_log import Envelope, events_of, records_of
from services.events.adapters.sql.tables import tallies
from services.events.bootstrap import DEVELOPMENT_SOURCE, MIGRATIONS
from services.events.settings import EventsSettings
from shared.bus.opening import open_bus
from shared.clock import utc_now
from shared.contracts.topics import ALL, INGEST
from shared.sql.database import Database
from shared.sql.migrations import upgrade
from shared.sql.plumbing import outbox
from tests.benchmarks.recording_latency import latencies
from tests.benchmarks.recording_limits import rows_per_second
from tests.benchmarks.recording_load import call, lanes_of
from tests.support.kafka import KafkaBroker
from tests.support.postgres import PostgresServer

_SAMPLE_S = 0.1
_BATCH = 100
_APPENDS_UNDER_WAY = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker reads and writes."""

    name: str
    folder: Path
    settings: EventsSettings

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process of events is started with."""
        return {
            **os.environ,
            "RAPPORT_EVENTS_DATABASE_URL": self.settings.events_database_url,
            "RAPPORT_BUS_URL": self.settings.bus_url,
            "RAPPORT_LOG_LEVEL": "WARNING",
        }

    def stored_bytes(self) -> int:
        """The size of the database and of the embedded log."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a worker has come at one moment."""

    at: float
    recorded: int
    waiting: int


@contextmanager
def place(name: str, *, postgres: bool, kafka: bool) -> Iterator[Place]:
    """A migrated database and a bus with its topics."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        database_url, bus_url = f"sqlite:///{folder}/events.db", str(folder / "bus")
        if postgres:
            server = PostgresServer(folder / "postgres")
            server.start()
            stack.callback(server.stop)
            database_url = server.new_database()
        if kafka:
            broker = KafkaBroker(folder / "kafka")
            broker.start()
            stack.callback(broker.stop)
            bus_url = broker.url
        settings = EventsSettings(events_database_url=database_url, bus_url=bus_url)
        database, bus = Database(database_url, page_bytes=settings.page_bytes), open_bus(bus_url)
        upgrade(database, MIGRATIONS)
        bus.create_topics(ALL)
        bus.close()
        database.dispose()
        yield Place(name, folder, settings)


@contextmanager
def worker(where: Place, *options: str) -> Iterator[psutil.Process]:
    """An events worker in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "services.events", "worker", *options], env=where.environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def fill(where: Place, first: int, count: int) -> None:
    """Append calls as the API does: the calls of one request and partition as one record."""
    bus = open_bus(where.settings.bus_url)
    publisher = bus.publisher()
    under_way = []
    for start in range(first, first + count, _BATCH):
        lanes = lanes_of([call(number) for number in range(start, start + _BATCH)], INGEST)
        envelope = Envelope(source_id=DEVELOPMENT_SOURCE, received_at=utc_now())
        under_way.append(publisher.submit(records_of(events_of(lanes, envelope))))
        if len(under_way) >= _APPENDS_UNDER_WAY:
            under_way.pop(0).result()
    publisher.close()
    bus.close()


class Watch:
    """Reads from the database how far the worker has come."""

    def __init__(self, where: Place) -> None:
        self._database = Database(where.settings.events_database_url)

    def progress(self) -> Progress:
        """Touchpoints in the timeline, and records that wait in the outbox."""
        with self._database.reading() as session:
            recorded = session.scalar(select(func.coalesce(func.sum(tallies.c.touchpoints), 0)))
            waiting = session.scalar(select(func.count()).select_from(outbox))
        return Progress(time.perf_counter(), int(recorded or 0), waiting or 0)

    def until(self, recorded: int, *, published: bool = True, within_s: float = 600.0) -> Progress:
        """The first progress at which so many touchpoints are in the timeline and, unless told not to, published."""
        give_up = time.perf_counter() + within_s
        while True:
            seen = self.progress()
            if seen.recorded >= recorded and not (published and seen.waiting):
                return seen
            if seen.at > give_up:
                raise SystemExit(f"{seen.recorded} of {recorded} recorded, {seen.waiting} records wait")
            time.sleep(_SAMPLE_S)

    def close(self) -> None:
        """Let go of the database."""
        self._database.dispose()


@contextmanager
def two_workers(where: Place) -> Iterator[psutil.Process]:
    """The workers of events as `make run` starts them; yields the one that records."""
    recording, beside = (WORKERS[name][2:] for name in ("events-worker", "events-second-worker"))
    with worker(where, *beside), worker(where, *recording) as process:
        yield process


def drain(where: Place, events: int, *, two: bool) -> None:
    """Print how fast a worker empties a log that was filled before, with all loops or `two` workers sharing them."""
    fill(where, 0, events)
    watch = Watch(where)
    with (two_workers if two else worker)(where) as process:
        began = watch.until(1, published=False)
        busy = _cpu(process)
        recorded = watch.until(events, published=False)
        published = watch.until(events)
        cpu = (_cpu(process) - busy) / (published.at - began.at)
        rss = process.memory_info().rss / 2**20
    watch.close()
    took = recorded.at - began.at
    rate = (events - began.recorded) / took
    limit = rows_per_second(where.settings.events_database_url)
    _say(
        f"{where.name + (', second worker' if two else ''):<36}{rate:>9,.0f} events/s to the timeline  "
        f"{(events - began.recorded) / (published.at - began.at):>9,.0f} to `touchpoints`  "
        f"behind it {published.at - recorded.at:5.2f} s  {cpu:4.2f} cores  RSS {rss:4.0f} MB"
    )
    _say(f"{'':<36}{limit:>9,.0f} bare rows/s, same database; ratio {rate / limit:4.2f}")


def curve(where: Place, millions: int) -> None:
    """Print the rate, the memory and the disk space of each further million, the worker running all the while."""
    watch = Watch(where)
    before = where.stored_bytes()
    with worker(where) as process:
        for million in range(millions):
            began, busy = time.perf_counter(), _cpu(process)
            fill(where, million * 1_000_000, 1_000_000)
            filled = time.perf_counter() - began
            done = watch.until((million + 1) * 1_000_000)
            took, stored = done.at - began, where.stored_bytes()
            _say(
                f"million {million + 1:>2}: {1_000_000 / took:>9,.0f} events/s (appended in {filled:4.1f} s)  "
                f"{(_cpu(process) - busy):5.1f} s of CPU  RSS {process.memory_info().rss / 2**20:4.0f} MB  "
                f"{(stored - before) / 1_000_000:5.0f} bytes an event"
            )
            before = stored
    watch.close()


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--postgres", action="store_true", help="a real PostgreSQL instead of SQLite")
    parser.add_argument("--kafka", action="store_true", help="a real Kafka instead of the embedded log")
    parser.add_argument("--latency", type=float, default=5.0, metavar="SECONDS", help="0 leaves it out")
    parser.add_argument("--curve", type=int, default=0, metavar="MILLIONS", help="only this, up to so many millions")
    options = parser.parse_args()
    name = f"{'kafka' if options.kafka else 'embedded'}, {'postgres' if options.postgres else 'sqlite'}"
    for two in (False, True) if options.events and not options.curve else ():
        with place(name, postgres=options.postgres, kafka=options.kafka) as where:
            drain(where, options.events, two=two)
    with place(name, postgres=options.postgres, kafka=options.kafka) as where:
        if options.curve:
            curve(where, options.curve)
        elif options.latency:
            with worker(where):
                _say(f"{name:<36}{latencies(where.environment, where.settings.bus_url, options.latency)}")


if __name__ == "__main__":
    main()
