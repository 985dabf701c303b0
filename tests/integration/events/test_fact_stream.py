"""The stream on both buses: many listeners, and another process that goes on where the first one ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from services.events.adapters.bus.fact_stream import FactStream
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.adapters.bus.told_facts import Told
from shared.bus.cloudevents import Event, to_record
from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.clock import utc_now
from shared.contracts.profile import SegmentEnteredV1
from shared.contracts.topics import ALL, PROFILES
from shared.ids import new_id

CLIENTS = 100


class Heard:
    """A listener that keeps what is about one customer: the broker's topics are everybody's."""

    def __init__(self, customer: str) -> None:
        self._customer = customer
        self.told: list[Told] = []
        self._news = threading.Condition()

    def offer(self, told: Sequence[Told]) -> bool:
        with self._news:
            self.told += [each for each in told if self.wants(each)]
            self._news.notify_all()
        return True

    def wants(self, told: Told) -> bool:
        return told.subject == self._customer

    def has_room(self) -> bool:
        return True

    def drop(self) -> None:
        raise AssertionError("nobody was slow")

    def sequences(self, many: int) -> list[int]:
        """Which changes it heard of, once there are so many."""
        with self._news:
            self._news.wait_for(lambda: len(self.told) >= many, 30)
        return [json.loads(each.body)["data"]["sequence"] for each in self.told]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.services)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    url = request.getfixturevalue("kafka_url") if request.param == "kafka" else str(tmp_path / "bus")
    bus = open_bus(url)
    bus.create_topics(ALL)
    yield bus
    bus.close()


def publish(bus: Bus, customer: str, sequences: Sequence[int]) -> None:
    """Segment changes of a customer, in one record."""
    facts = [
        SegmentEnteredV1(profile_id=customer, segment_id="s", sequence=sequence, entered_at=utc_now())
        for sequence in sequences
    ]
    events = [
        Event(new_id(), "test", fact.event_type, utc_now(), msgspec.json.encode(fact), subject=customer)
        for fact in facts
    ]
    publisher = bus.publisher()
    publisher.publish([to_record(events, topic=PROFILES, key=customer, record_id=new_id())])
    publisher.close()


def test_a_hundred_listeners_hear_the_same_and_another_process_goes_on_anywhere(bus: Bus) -> None:
    stream = FactStream(lambda: bus, list)
    customer = new_id()
    listeners = [Heard(customer) for _ in range(CLIENTS)]
    ends = [stream.subscribe(listener, None) for listener in listeners]
    publish(bus, customer, range(10))
    assert [listener.sequences(10) for listener in listeners] == [list(range(10))] * CLIENTS
    positions = [str(each.position) for each in listeners[0].told]
    for end in ends:
        end()
    stream.close()
    publish(bus, customer, range(10, 15))
    other = FactStream(lambda: bus, list)
    began = time.monotonic()
    for place in (9, 3, 0):  # behind the record, within it, behind its first
        back = Heard(customer)
        end = other.subscribe(back, StreamPosition.parse(positions[place]))
        expected = list(range(place + 1, 15))
        assert back.sequences(len(expected)) == expected
        end()
    assert time.monotonic() - began < 60
    other.close()
