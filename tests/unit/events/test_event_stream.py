"""The stream's positions, the buffer of a client that reads too slowly, and the end of one that may read no longer."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from services.events.adapters.bus.catching_up import Joining
from services.events.adapters.bus.stream_position import InvalidPosition, StreamPosition
from services.events.adapters.bus.told_facts import Told
from services.events.api.event_buffer import Buffer
from services.events.api.event_stream import EventStreamResponse
from shared.contracts.topics import PUBLIC
from shared.http.problems import Problem

PLACES = [(topic.name, number) for topic in PUBLIC for number in range(topic.partitions)]


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
    return Told(StreamPosition({}), name, subject, b"{}")


def test_a_client_is_sent_what_it_wants_and_let_go_when_it_falls_behind() -> None:
    async def scene() -> None:
        buffer = Buffer({"segment.entered"}, {"mine"})
        assert buffer.offer([told("mine"), told("other"), told("mine", "segment.left")])
        sent = await buffer.take(1)
        assert sent.count(b"event: segment.entered") == 1
        assert await buffer.take(0.01) == b""
        assert buffer.offer([told("other")] * 5_000)
        assert buffer.has_room()
        assert buffer.offer([told("mine")] * 1_500)
        assert not buffer.has_room()
        assert not buffer.offer([told("mine")] * 1_500)
        assert buffer.dropped
        assert (await buffer.take(1)).count(b"\n\n") == 1_500

    asyncio.run(scene())


def test_what_happens_while_a_client_catches_up_is_kept_as_far_as_it_wants_it_and_told_in_order() -> None:
    facts = [Told(StreamPosition({PLACES[0]: n}), "segment.entered", "mine", b"{}") for n in range(6_000)]

    async def scene() -> None:
        buffer = Buffer((), {"mine"})
        joining = Joining(buffer)
        assert joining.offer([told("other")] * 50_000)
        assert joining.offer(facts[:5_000])
        async with asyncio.timeout(20):
            told_all = asyncio.create_task(asyncio.to_thread(joining.join, threading.Event()))
            sent = b""
            while sent.count(b"id: ") < 5_000:
                sent += await buffer.take(0.05)
            await told_all
        assert joining.offer(facts[5_000:])
        sent += await buffer.take(1)
        ids = [line.removeprefix(b"id: ") for line in sent.splitlines() if line.startswith(b"id: ")]
        assert ids == [str(each.position).encode() for each in facts]

    asyncio.run(scene())


def test_a_client_that_catches_up_too_slowly_is_let_go() -> None:
    async def scene() -> None:
        buffer = Buffer((), None)
        joining = Joining(buffer)
        assert not all(joining.offer([told("any")] * 1_000) for _ in range(11))
        assert buffer.dropped

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Problem(401, "unauthorized", "send a live API key"), "this key may read no longer"),
        (OperationalError("SELECT", {}, Exception("away")), "is not known just now; reconnect"),
    ],
)
def test_a_stream_ends_once_its_reader_may_read_no_longer(error: Exception, said: str) -> None:
    sent: list[Any] = []
    ended: list[bool] = []

    async def ask() -> None:
        if any(b"event: segment.entered" in each.get("body", b"") for each in sent):
            raise error

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def scene() -> None:
        buffer = Buffer((), None)
        stream = EventStreamResponse(buffer, end=lambda: ended.append(True), draining=lambda: False, ask=ask)
        buffer.offer([told("mine")])
        async with asyncio.timeout(20):
            await stream({"type": "http"}, receive, send)

    asyncio.run(scene())
    *_, farewell, last = sent
    assert farewell["body"].startswith(b"event: dropped\n")
    assert said in farewell["body"].decode()
    assert (last["body"], last["more_body"], ended) == (b"", False, [True])
