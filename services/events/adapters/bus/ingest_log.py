"""Records of the ingest topic: all calls of one request that share a partition travel as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from services.events.use_cases.accept_calls import Lanes, Text
from services.events.use_cases.calls import Moment
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Headers, NewRecord
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.topics import INGEST
from shared.ids import new_id

SOURCE = "rapport/events"
_MAX_RECORD_BYTES = 640 * 1024
"""Well under what a log takes, whatever the size of the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the calls of one request share."""

    source_id: str
    received_at: datetime
    sent_at: Moment = None
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None
    traceparent: str | None = None


def records_of(lanes: Lanes, envelope: Envelope) -> list[NewRecord]:
    """CloudEvents (binary mode) of IngestReceivedV1, joined from the texts of the calls as they came."""
    head = _head(envelope)
    shared = _headers(envelope)
    return [
        NewRecord(INGEST.name, partition, b"%b%b]}" % (head, calls), None, (("ce_id", new_id().encode()), *shared))
        for partition, lane in lanes.items()
        for calls in _joined(lane)
    ]


def webhook_record(received: IngestWebhookReceivedV1) -> NewRecord:
    """A partner's webhook as it came; those of one source stay in order."""
    event = Event(
        id=new_id(),
        source=SOURCE,
        type=received.event_type,
        time=received.received_at,
        data=msgspec.json.encode(received),
        traceparent=received.traceparent,
    )
    return to_record([event], topic=INGEST, key=received.bus_key, record_id=event.id)


def _head(envelope: Envelope) -> bytes:
    """The JSON of the record up to its first call."""
    common: dict[str, Any] = {"source_id": envelope.source_id, "received_at": envelope.received_at}
    if envelope.sent_at is not None:
        common["sent_at"] = envelope.sent_at
    if envelope.context:
        common["context"] = envelope.context
    if envelope.integrations:
        common["integrations"] = envelope.integrations
    return msgspec.json.encode(common)[:-1] + b',"events":['


def _headers(envelope: Envelope) -> Headers:
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_source", SOURCE.encode()),
        ("ce_type", IngestReceivedV1.event_type.encode()),
        ("ce_time", envelope.received_at.isoformat().encode()),
        ("content-type", b"application/json"),
    )
    return (*headers, ("traceparent", envelope.traceparent.encode())) if envelope.traceparent else headers


def _joined(lane: Sequence[Text]) -> Iterator[bytes]:
    """The texts with commas between them, cut where a record would become too large."""
    whole = b",".join(lane)
    if len(whole) <= _MAX_RECORD_BYTES or len(lane) == 1:
        yield whole
    else:
        middle = len(lane) // 2
        yield from _joined(lane[:middle])
        yield from _joined(lane[middle:])
