"""A log that goes away says so, comes back by itself, and keeps every record that it acknowledged."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from shared.bus.opening import open_bus
from shared.bus.ports import BusOverloaded, BusUnavailable, NewRecord, Publisher, Topic
from tests.support.bus_processes import bus_process
from tests.support.kafka import KafkaBroker
from tests.support.reading import from_the_oldest, poll_until, read

pytestmark = pytest.mark.faults


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[str, Topic]]:
    """The URL of an embedded log with one topic."""
    url = str(tmp_path / "bus")
    topic = Topic("orders", partitions=4)
    bus = open_bus(url)
    bus.create_topics([topic])
    yield url, topic
    bus.close()


def values_in(url: str, topic: Topic) -> list[str]:
    bus = open_bus(url)
    reader = bus.consumer(uuid.uuid4().hex, [topic.name], start_at=from_the_oldest)
    found = read(reader, sum(bus.end_positions([topic.name]).values()))
    reader.close()
    bus.close()
    return [record.value.decode() for record in found]


def test_an_embedded_log_that_another_process_locks_is_unavailable_for_as_long(log: tuple[str, Topic]) -> None:
    url, topic = log
    bus = open_bus(url)
    publisher = bus.publisher()
    publisher.publish([NewRecord(topic.name, 0, b"before")])
    with closing(sqlite3.connect(Path(url) / "topics" / "orders.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        submitted = publisher.submit([NewRecord(topic.name, 0, b"during")])
        with pytest.raises(BusUnavailable):
            publisher.publish([NewRecord(topic.name, 0, b"during")], timeout_s=0.5)
        with pytest.raises(BusUnavailable, match="locked"):
            submitted.result(15)
        other.execute("ROLLBACK")
    publisher.publish([NewRecord(topic.name, 0, b"after")])
    found = values_in(url, topic)
    assert (found[0], found[-1]) == ("before", "after")
    publisher.close()
    bus.close()


def test_an_embedded_log_on_a_full_disk_refuses_and_recovers(log: tuple[str, Topic]) -> None:
    url, topic = log
    with bus_process("outgrow", url, topic.name, 3_000_000) as writer:
        writer.wait_for("recovered")
        acknowledged = [line for line in writer.lines if line.startswith("full-")]
        assert "refused" in writer.lines
        assert acknowledged
    found = [value.split()[0] for value in values_in(url, topic)]
    assert found[-1] == "after"
    assert set(acknowledged) <= set(found)


def test_an_embedded_log_where_there_can_be_none_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    bus = open_bus(str(tmp_path / "file"))
    assert not bus.reachable()
    with pytest.raises(BusUnavailable):
        bus.create_topics([Topic("orders")])
    with pytest.raises(BusUnavailable):
        bus.consumer("group", ["orders"], start_at=from_the_oldest)
    bus.close()


def test_writers_of_an_embedded_log_that_are_killed_lose_nothing_acknowledged(log: tuple[str, Topic]) -> None:
    url, topic = log
    acknowledged: set[str] = set()
    for life in range(8):
        with (
            bus_process("publish", url, topic.name, 4, f"left{life}") as left,
            bus_process("publish", url, topic.name, 4, f"right{life}") as right,
        ):
            left.wait_for(f"left{life}-79")
            right.wait_for(f"right{life}-79")
            left.kill()
            right.wait_for(f"right{life}-159")
            right.kill()
            acknowledged |= {*left.lines, *right.lines}
    found = values_in(url, topic)
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
    with closing(sqlite3.connect(Path(url) / "topics" / "orders.sqlite")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.services
def test_kafka_that_is_killed_comes_back_with_every_acknowledged_record(kafka_broker: KafkaBroker) -> None:
    topic = Topic("orders", partitions=4)
    bus = open_bus(kafka_broker.url)
    bus.create_topics([topic])
    publisher = bus.publisher()
    reader = bus.consumer("readers", [topic.name], start_at=from_the_oldest, session_timeout_s=6)
    poll_until([reader], lambda: len(reader.assignment()) == 4)
    load = _Load(publisher, topic)
    load.wait_for_acknowledged(200)
    kafka_broker.kill()
    early = _starts_without_its_broker(kafka_broker.url, topic)
    assert not bus.reachable()
    with pytest.raises(BusUnavailable):
        publisher.publish([NewRecord(topic.name, 0, b"0")], timeout_s=1)
    kafka_broker.start()
    load.wait_for_acknowledged(load.acknowledged + 200)
    _until_available(early, NewRecord(topic.name, 0, b"0"))
    missing = {str(number).encode() for number in load.stop()}
    deadline = time.monotonic() + 30
    while missing:
        assert time.monotonic() < deadline, f"{len(missing)} acknowledged records not read"
        missing -= {record.value for record in reader.poll(timeout_s=0.5)}
    reader.close()
    early.close()
    publisher.close()
    bus.close()


def _starts_without_its_broker(url: str, topic: Topic) -> Publisher:
    """Nothing but single calls fails in a process that starts while the broker is down."""
    bus = open_bus(url)
    publisher = bus.publisher()
    reader = bus.consumer("early readers", [topic.name], start_at=from_the_oldest, session_timeout_s=6)
    with pytest.raises(BusUnavailable):
        reader.poll(timeout_s=0.1)
    with pytest.raises(BusUnavailable):
        publisher.publish([NewRecord(topic.name, 0, b"0")], timeout_s=0.2)
    reader.close()
    return publisher


class _Load:
    """Publishes numbers from a thread, through whatever happens to the log."""

    def __init__(self, publisher: Publisher, topic: Topic) -> None:
        self._publisher = publisher
        self._topic = topic
        self._acknowledged: list[int] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for_acknowledged(self, count: int, *, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while len(self._acknowledged) < count:
            assert time.monotonic() < deadline, f"{len(self._acknowledged)} of {count} acknowledged"
            time.sleep(0.05)

    @property
    def acknowledged(self) -> int:
        return len(self._acknowledged)

    def stop(self) -> list[int]:
        self._stopping.set()
        self._thread.join()
        return self._acknowledged

    def _run(self) -> None:
        number = 0
        while not self._stopping.wait(0.005):
            number += 1
            submitted = self._publisher.submit([NewRecord(self._topic.name, number % 4, str(number).encode())])
            submitted.add_done_callback(lambda done, number=number: self._note(done, number))

    def _note(self, done: Future[None], number: int) -> None:
        if done.exception() is None:
            self._acknowledged.append(number)


def _until_available(publisher: Publisher, record: NewRecord, *, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return publisher.publish([record], timeout_s=5)
        except (BusUnavailable, BusOverloaded):
            assert time.monotonic() < deadline, f"unavailable for {timeout_s} s"
