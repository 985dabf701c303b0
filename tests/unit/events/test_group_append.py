"""Group commit: who joins which append, how large it grows, and what each request hears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec
import pytest

from services.events.adapters.bus.group_append import GroupAppend
from services.events.adapters.bus.ingest_log import MAX_RECORD_BYTES, Envelope, events_of, records_of
from shared.bus.cloudevents import from_record
from shared.bus.ports import BusOverloaded, NewRecord, Record, RecordTooLarge
from shared.contracts.ingest import IngestReceivedV1

NOW = datetime(2026, 4, 5, 17, 31, tzinfo=UTC)
ENVELOPE = Envelope(source_id="till", received_at=NOW, sent_at=1.5, context={"ip": "::1"}, traceparent="00-1-2-00")


class Log:
    """Takes what is submitted, and confirms it when told to."""

    def __init__(self) -> None:
        self.appends: list[tuple[Sequence[NewRecord], Future[None]]] = []
        self._more = asyncio.Event()

    def submit(self, records: Sequence[NewRecord]) -> Future[None]:
        future: Future[None] = Future()
        self.appends.append((records, future))
        self._more.set()
        return future

    async def hold(self, appends: int) -> None:
        """Return once so many were submitted."""
        async with asyncio.timeout(5):
            while len(self.appends) < appends:
                self._more.clear()
                await self._more.wait()

    def confirm(self, index: int) -> None:
        self.appends[index][1].set_result(None)


def events_in(record: NewRecord) -> list[IngestReceivedV1]:
    stored = Record(record.topic, record.partition, 0, record.value, record.key, record.headers, NOW)
    return [msgspec.json.decode(event.data, type=IngestReceivedV1) for event in from_record(stored)]


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_calls_of_a_request_are_one_event_a_partition_and_keep_what_they_share() -> None:
    records = records_of(events_of({3: [b'{"n":1}', b'{"n":2}'], 5: [b'{"n":3}']}, ENVELOPE))
    assert [record.partition for record in records] == [3, 5]
    (event,) = events_in(records[0])
    assert (event.source_id, event.received_at, event.sent_at, event.context) == ("till", NOW, 1.5, {"ip": "::1"})
    assert [bytes(text) for text in event.events] == [b'{"n":1}', b'{"n":2}']
    stored = Record("ingest", 3, 0, records[0].value, None, records[0].headers, NOW)
    assert [(e.type, e.traceparent) for e in from_record(stored)] == [(IngestReceivedV1.event_type, "00-1-2-00")]


def test_records_stay_under_what_a_log_takes_and_lose_nothing() -> None:
    calls = [b'{"n":%d,"x":"%b"}' % (number, b"x" * 30_000) for number in range(100)]
    events = events_of({0: calls}, ENVELOPE)
    records = records_of({0: [*events[0], *events[0]]})
    assert all(len(record.value) <= MAX_RECORD_BYTES + 2 for record in records)
    found = [bytes(text) for record in records for event in events_in(record) for text in event.events]
    assert found == calls + calls


def test_what_a_request_shares_may_leave_no_room_for_its_calls() -> None:
    huge = Envelope(source_id="till", received_at=NOW, context={"x": "y" * MAX_RECORD_BYTES})
    with pytest.raises(RecordTooLarge):
        events_of({0: [b"{}"]}, huge)


def test_requests_that_come_together_are_appended_together() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit)
        waiting = [asyncio.create_task(group.append({n % 2: [b"%d" % n]})) for n in range(6)]
        await turns()
        ((records, _),) = log.appends
        assert [(r.partition, r.value) for r in records] == [(0, b"[0,2,4]"), (1, b"[1,3,5]")]
        assert not any(task.done() for task in waiting)
        log.confirm(0)
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(scenario())


def test_while_an_append_is_under_way_the_next_grows_and_then_goes() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit)
        waiting = []
        for number in range(10):
            waiting.append(asyncio.create_task(group.append({0: [b"%d" % number]})))
            await turns()
        assert len(log.appends) == 1
        log.confirm(0)
        await asyncio.wait_for(waiting[0], 5)
        await log.hold(2)
        assert log.appends[1][0][0].value == b"[1,2,3,4,5,6,7,8,9]"
        log.confirm(1)
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(scenario())


def test_what_comes_right_after_an_append_waits_for_company_unless_it_is_large() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit, pause_s=0.3)
        for text, at_once in ((b"1", True), (b"2", False), (b"3" * 50_000, True)):
            before = len(log.appends)
            waiting = asyncio.create_task(group.append({0: [text]}))
            await turns()
            assert (len(log.appends) > before) is at_once
            await log.hold(before + 1)
            log.confirm(before)
            await asyncio.wait_for(waiting, 5)

    asyncio.run(scenario())


def test_what_many_wait_for_goes_beside_what_is_under_way() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit)
        waiting = []
        for number in range(200):
            waiting.append(asyncio.create_task(group.append({0: [b"%d" % number]})))
            await turns()
        assert 2 < len(log.appends) < 10
        while not all(task.done() for task in waiting):
            for _, stored in log.appends:
                if not stored.done():
                    stored.set_result(None)
            await asyncio.sleep(0.001)
        sent = b",".join(record.value[1:-1] for records, _ in log.appends for record in records)
        assert sent == b",".join(b"%d" % number for number in range(200))

    asyncio.run(scenario())


def test_a_group_that_is_full_waits_for_nobody() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit)
        waiting = [asyncio.create_task(group.append({0: [b"x" * 500_000]})) for _ in range(60)]
        await turns()
        assert [len(records) for records, _ in log.appends] == [2] * 30
        for index in range(30):
            log.confirm(index)
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_and_what_came_meanwhile_is_appended_all_the_same() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit, within_s=0.05)
        waiting = []
        for number in range(10):
            waiting.append(asyncio.create_task(group.append({0: [b"%d" % number]})))
            await turns()
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
        assert [type(result) for result in results] == [TimeoutError] * 10
        sent = b",".join(record.value[1:-1] for records, _ in log.appends for record in records)
        assert sent == b"0,1,2,3,4,5,6,7,8,9"
        for index in range(len(log.appends)):
            log.confirm(index)
        before = len(log.appends)
        late = asyncio.create_task(group.append({0: [b"late"]}))
        await log.hold(before + 1)
        log.confirm(-1)
        await asyncio.wait_for(late, 5)

    asyncio.run(scenario())


def test_an_append_that_fails_is_told_to_each_of_its_requests_and_no_other() -> None:
    async def scenario() -> None:
        log = Log()
        group = GroupAppend(log.submit)
        failing = [asyncio.create_task(group.append({0: [b"1"]})) for _ in range(3)]
        failing[1].cancel()
        await turns()
        fine = asyncio.create_task(group.append({0: [b"2"]}))
        await turns()
        log.appends[0][1].set_exception(BusOverloaded("full"))
        await log.hold(2)
        log.confirm(1)
        await asyncio.wait_for(fine, 5)
        results = await asyncio.gather(*failing, return_exceptions=True)
        assert [type(result) for result in results] == [BusOverloaded, asyncio.CancelledError, BusOverloaded]

    asyncio.run(scenario())
