"""What the stream tells of a record's facts: the same as a webhook, and each at a place of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.events.adapters.bus.told_facts import Living, Told, read_records, told_of
from services.events.use_cases.webhooks.feed_webhooks import messages_of
from services.events.use_cases.webhooks.ports import Listener
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Record
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import SegmentEnteredV1
from shared.contracts.topics import BY_NAME

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LARGE = TouchpointRecordedV1(
    touchpoint_id="0193b3a0-0000-7000-8000-000000000001",
    message_id="m",
    source_id="s",
    kind="track",
    subject="user_id:u",
    occurred_at=AT,
    received_at=AT,
    properties={"note": "x" * 30_000},
    traceparent=TRACE,
)
ENTERED = SegmentEnteredV1(profile_id="p", segment_id="s", sequence=1, entered_at=AT, traceparent=TRACE)


def told(*facts: Contract, data: bytes | None = None, living: Living = list) -> list[Told]:
    """What is told of facts that an outbox took in a minute after they came to be."""
    events = [
        Event(str(number), "test", fact.event_type, AT + timedelta(minutes=1), data or msgspec.json.encode(fact))
        for number, fact in enumerate(facts)
    ]
    made = to_record(events, topic=BY_NAME[facts[0].topic], key="k", record_id="r")
    record = Record(made.topic, made.partition or 0, 7, made.value, made.key, made.headers, AT)
    return [each for read in read_records([record], living) for each in told_of(read, {})]


@pytest.mark.parametrize("fact", [LARGE, ENTERED], ids=["large", "small"])
def test_the_stream_tells_what_a_webhook_tells(fact: Contract) -> None:
    (each,) = told(fact)
    (message,) = messages_of([fact], [Listener("e", "o", frozenset())])
    assert msgspec.json.decode(each.body) == msgspec.json.decode(message.body)
    assert TRACE.encode() not in each.body


def test_what_breaks_its_contract_is_told_nobody() -> None:
    assert told(ENTERED, data=b"{}") == []


def test_a_place_stays_what_it_is_whoever_is_left_out_before_it() -> None:
    facts = [SegmentEnteredV1(profile_id="p", segment_id="s", sequence=n, entered_at=AT) for n in range(3)]
    assert told(*facts, living=lambda found: found[2:]) == told(*facts)[2:]
