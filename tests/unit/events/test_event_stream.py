"""The stream's positions, and the buffer of a client that reads too slowly."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.adapters.bus.fact_stream import Told
from services.events.adapters.bus.stream_position import InvalidPosition, StreamPosition
from services.events.api.event_stream import Buffer
from shared.bus.cloudevents import Event
from shared.contracts.topics import PUBLIC

PLACES = [(topic.name, number) for topic in PUBLIC for number in range(topic.partitions)]
EVENT = Event(id="1", source="test", type="t", time=datetime(2026, 1, 1, tzinfo=UTC), data=b"{}")


@given(
    offsets=st.lists(st.integers(0, 2**62), min_size=len(PLACES), max_size=len(PLACES)),
    place=st.sampled_from([None, *PLACES]),
    number=st.integers(0, 200),
)
def test_a_position_reads_as_it_was_written(offsets: list[int], place: tuple[str, int] | None, number: int) -> None:
    position = StreamPosition(dict(zip(PLACES, offsets, strict=True)), place, number)
    assert StreamPosition.parse(str(position)) == position


@given(st.text(max_size=80))
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InvalidPosition):
        StreamPosition.parse(text)


def told(subject: str, name: str = "segment.entered") -> Told:
    return Told(StreamPosition({}), name, subject, EVENT)


def test_a_client_is_sent_what_it_wants_and_let_go_when_it_falls_behind() -> None:
    async def scene() -> None:
        buffer = Buffer({"segment.entered"}, {"mine"})
        assert buffer.offer([told("mine"), told("other"), told("mine", "segment.left")])
        sent = await buffer.take(1)
        assert sent.count(b"event: segment.entered") == 1
        assert b"traceparent" not in sent
        assert await buffer.take(0.01) == b""
        assert buffer.offer([told("other")] * 5_000)
        assert buffer.has_room()
        assert buffer.offer([told("mine")] * 1_500)
        assert not buffer.has_room()
        assert not buffer.offer([told("mine")] * 1_500)
        assert buffer.dropped
        assert (await buffer.take(1)).count(b"\n\n") == 1_500

    asyncio.run(scene())
