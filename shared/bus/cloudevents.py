"""CloudEvents 1.0 on the bus: binary mode for one event, the JSON batch format where many travel together.

Sources: CloudEvents specification 1.0.2, its Kafka protocol binding (`ce_` headers) and its JSON event format.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from shared.bus.ports import Headers, NewRecord, Record, Topic

JSON = "application/json"
BATCH = "application/cloudevents-batch+json"
RECORD_ID = "rapport_record_id"
"""Header with the id of the record itself: the same on every redelivery, so that a reader can tell one."""


class MalformedRecord(ValueError):
    """A record that is no CloudEvent; the message says what is missing."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One CloudEvent with a JSON body. `data` is the body as bytes."""

    id: str
    source: str
    type: str
    time: datetime
    data: bytes
    subject: str | None = None
    traceparent: str | None = None


class _Structured(msgspec.Struct, omit_defaults=True, gc=False):
    id: str
    source: str
    type: str
    time: datetime
    data: msgspec.Raw
    specversion: str = ""
    datacontenttype: str = JSON
    subject: str | None = None
    traceparent: str | None = None


_decode_batch = msgspec.json.Decoder(list[_Structured]).decode


def to_record(events: Sequence[Event], *, topic: Topic, key: str, record_id: str) -> NewRecord:
    """One record that holds all of `events`, in the partition of `key`."""
    if len(events) == 1:
        headers, value = _binary(events[0])
    else:
        headers, value = (("content-type", BATCH.encode()),), msgspec.json.encode([_structured(e) for e in events])
    return NewRecord(
        topic=topic.name,
        partition=topic.partition_of(key),
        key=key,
        value=value,
        headers=(*headers, (RECORD_ID, record_id.encode())),
    )


def from_record(record: Record) -> list[Event]:
    """The events of a record. Raises MalformedRecord."""
    headers = dict(record.headers)
    try:
        if headers.get("content-type", b"").startswith(BATCH.encode()):
            return [_event(item) for item in _decode_batch(record.value)]
        return [_from_binary(headers, record.value)]
    except KeyError as error:
        raise MalformedRecord(f"no header {error.args[0]}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise MalformedRecord(str(error)) from error


def own_id(record: Record) -> str | None:
    """What the record is known by also when it was appended twice; None when its place in the log is all there is."""
    for name, value in record.headers:
        if name == RECORD_ID:
            return value.decode("ascii", "replace")
    return None


def record_id(record: Record) -> str:
    """What tells this record from every other: its own id, else its place."""
    return own_id(record) or f"{record.topic}/{record.partition}/{record.offset}"


def _binary(event: Event) -> tuple[Headers, bytes]:
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": event.source,
        "ce_type": event.type,
        "ce_time": event.time.isoformat(),
        "ce_subject": event.subject,
        "ce_traceparent": event.traceparent,
        "traceparent": event.traceparent,
        "content-type": JSON,
    }
    return tuple((name, value.encode()) for name, value in attributes.items() if value is not None), event.data


def _from_binary(headers: dict[str, bytes], data: bytes) -> Event:
    if headers["ce_specversion"] != b"1.0":
        raise MalformedRecord(f"CloudEvents version {headers['ce_specversion']!r}, expected 1.0")
    subject, traceparent = headers.get("ce_subject"), headers.get("traceparent")
    return Event(
        id=headers["ce_id"].decode(),
        source=headers["ce_source"].decode(),
        type=headers["ce_type"].decode(),
        time=datetime.fromisoformat(headers["ce_time"].decode()).astimezone(UTC),
        data=data,
        subject=subject.decode() if subject else None,
        traceparent=traceparent.decode() if traceparent else None,
    )


def _structured(event: Event) -> _Structured:
    return _Structured(
        specversion="1.0",
        id=event.id,
        source=event.source,
        type=event.type,
        time=event.time,
        data=msgspec.Raw(event.data),
        subject=event.subject,
        traceparent=event.traceparent,
    )


def _event(item: _Structured) -> Event:
    if item.specversion != "1.0":
        raise MalformedRecord(f"CloudEvents version {item.specversion!r}, expected 1.0")
    return Event(
        id=item.id,
        source=item.source,
        type=item.type,
        time=item.time,
        data=bytes(item.data),
        subject=item.subject,
        traceparent=item.traceparent,
    )
