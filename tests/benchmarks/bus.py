"""How fast both buses append durably, beside what the disk can do with the same bytes.

`python -m tests.benchmarks.bus [--seconds 3]` prints a table. A submit is 8 records of 5 KB, one a partition, as
ingestion sends them; 64 submits are under way at a time. The ratio is to one process that writes and syncs the bytes
of 64 submits at a time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.bus.opening import open_bus
from shared.bus.ports import NewRecord, Topic
from tests.support.kafka import KafkaBroker
from tests.support.real_servers import ServerMissingError

RECORDS_A_SUBMIT = 8
RECORD_BYTES = 5_000
SUBMITS_UNDER_WAY = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: durable records a second, and the processor time of this process over wall time."""

    what: str
    records_per_s: float
    cpu: float
    ratio_to_disk: float


def rows(*, seconds: float = 3.0) -> list[Row]:
    """The probe, the embedded log, and Kafka where a broker can be had."""
    with tempfile.TemporaryDirectory() as folder:
        probe, cpu = _probe(Path(folder), seconds)
        measured = [Row("write + fdatasync", probe, cpu, 1.0)]
        for what, url in _buses(Path(folder)):
            rate, cpu = _append_rate(url, seconds)
            measured.append(Row(what, rate, cpu, rate / probe))
        return measured


def _buses(folder: Path) -> Iterator[tuple[str, str]]:
    yield "embedded", str(folder / "bus")
    try:
        with _broker(folder / "kafka") as url:
            yield "kafka", url
            yield "kafka, lz4", f"{url}?compression=lz4"
    except ServerMissingError as why:
        sys.stderr.write(f"no Kafka: {why}\n")


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    broker = KafkaBroker(folder)
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


def _append_rate(url: str, seconds: float) -> tuple[float, float]:
    bus = open_bus(url)
    topic = Topic(f"bench-{uuid.uuid4().hex}")
    bus.create_topics([topic])
    publisher = bus.publisher()
    value = os.urandom(RECORD_BYTES // 2) + bytes(RECORD_BYTES // 2)
    records = [NewRecord(topic.name, number, value, key="customer") for number in range(RECORDS_A_SUBMIT)]
    publisher.publish(records)
    under_way = deque([publisher.submit(records) for _ in range(SUBMITS_UNDER_WAY)])
    submitted = SUBMITS_UNDER_WAY
    started, started_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - started < seconds:
        under_way.popleft().result()
        under_way.append(publisher.submit(records))
        submitted += 1
    publisher.close()
    took = time.perf_counter() - started
    bus.close()
    return submitted * RECORDS_A_SUBMIT / took, (time.process_time() - started_cpu) / took


def _probe(folder: Path, seconds: float) -> tuple[float, float]:
    block = os.urandom(RECORD_BYTES * RECORDS_A_SUBMIT * SUBMITS_UNDER_WAY)
    started, started_cpu, blocks = time.perf_counter(), time.process_time(), 0
    with (folder / "probe").open("wb", buffering=0) as file:
        while time.perf_counter() - started < seconds:
            file.write(block)
            os.fdatasync(file.fileno())
            blocks += 1
    took = time.perf_counter() - started
    return blocks * SUBMITS_UNDER_WAY * RECORDS_A_SUBMIT / took, (time.process_time() - started_cpu) / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    sys.stdout.write(f"{'durable append':<20}{'records/s':>12}{'MB/s':>8}{'CPU':>7}{'of the disk':>13}\n")
    for row in rows(seconds=parser.parse_args().seconds):
        megabytes = row.records_per_s * RECORD_BYTES / 1e6
        figures = f"{row.records_per_s:>12,.0f}{megabytes:>8.0f}{row.cpu:>7.2f}{row.ratio_to_disk:>13.2f}"
        sys.stdout.write(f"{row.what:<20}{figures}\n")


if __name__ == "__main__":
    main()
