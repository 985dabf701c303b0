"""CloudEvents on the bus: what is written is read back, and foreign records are told from ours."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.cloudevents import BATCH, Event, MalformedRecord, from_record, record_id, to_record
from shared.bus.ports import Headers, NewRecord, Record, Topic

TOPIC = Topic("touchpoints")
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_EVENTS = st.builds(
    Event,
    id=_TEXT,
    source=_TEXT,
    type=_TEXT,
    time=st.datetimes(timezones=st.just(UTC)),
    data=st.sampled_from([b"{}", b'{"a":[1,2.5,"\xe4\xbd\xa0"]}', b"null"]),
    subject=st.none() | _TEXT,
    traceparent=st.none() | st.just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
)


def stored(new: NewRecord, offset: int = 0) -> Record:
    return Record(
        topic=new.topic,
        partition=new.partition,
        offset=offset,
        value=new.value,
        key=new.key,
        headers=new.headers,
        appended_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@given(st.lists(_EVENTS, min_size=1, max_size=5))
def test_events_survive_the_journey(events: list[Event]) -> None:
    record = stored(to_record(events, topic=TOPIC, key="k", record_id="r-1"))
    assert from_record(record) == events
    assert record_id(record) == "r-1"
    assert record.partition == TOPIC.partition_of("k")


def _foreign(value: bytes, headers: Headers) -> Record:
    return stored(NewRecord(topic="t", partition=0, value=value, headers=headers), offset=7)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"{}", ()),
        (b"{}", (("ce_specversion", b"0.3"), ("ce_id", b"1"))),
        (b"not json", (("content-type", BATCH.encode()),)),
        (b'[{"id":"1"}]', (("content-type", BATCH.encode()),)),
        (
            b'[{"id":"1","source":"s","type":"t","time":"2026-01-01T00:00:00Z","data":{}}]',
            (("content-type", BATCH.encode()),),
        ),
        (
            b"{}",
            (("ce_specversion", b"1.0"), ("ce_id", b"\xff"), ("ce_source", b"s"), ("ce_type", b"t"), ("ce_time", b"x")),
        ),
    ],
)
def test_what_is_no_cloud_event_is_called_malformed(value: bytes, headers: Headers) -> None:
    with pytest.raises(MalformedRecord):
        from_record(_foreign(value, headers))


def test_a_foreign_record_is_known_by_its_place() -> None:
    assert record_id(_foreign(b"", ())) == "t/0/7"
