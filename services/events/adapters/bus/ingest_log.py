"""What the ingest topic holds: CloudEvents of IngestReceivedV1, many to a record, joined from texts as they came.

All calls of one request that share a partition are one event; the events of a partition that are appended together are
one record, whatever requests they came with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from services.events.use_cases.accept_calls import Lanes, Text
from services.events.use_cases.calls import Moment
from shared.bus.cloudevents import BATCH, JSON
from shared.bus.ports import NewRecord, RecordTooLarge
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.topics import INGEST
from shared.ids import new_id

SOURCE = "rapport/events"
MAX_RECORD_BYTES = 900_000
"""Under what a log takes, whatever the size of the batch."""

_MAX_CALLS_BYTES = 640 * 1024  # of one event, which shares its record with what the request says of all calls
_HEADERS = (("content-type", BATCH.encode()),)

Events = Mapping[int, Sequence[bytes]]
"""CloudEvents in JSON, by partition of the ingest topic and in the order in which they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the calls of one request share."""

    source_id: str
    received_at: datetime
    sent_at: Moment = None
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None
    flaws: tuple[str, ...] = ()
    traceparent: str | None = None


def events_of(lanes: Lanes, envelope: Envelope) -> Events:
    """Accepted calls as events of IngestReceivedV1. Raises RecordTooLarge when what they share leaves them no room."""
    head = _attributes(IngestReceivedV1.event_type, envelope.received_at, envelope.traceparent) + _shared(envelope)
    events = {
        partition: [b'{"id":"%b",%b%b]}}' % (new_id().encode(), head, calls) for calls in _joined(lane)]
        for partition, lane in lanes.items()
    }
    if len(head) > MAX_RECORD_BYTES - _MAX_CALLS_BYTES:
        _check_sizes(events)
    return events


def webhook_event(received: IngestWebhookReceivedV1) -> Events:
    """A partner's webhook as it came; those of one source stay in order. Raises RecordTooLarge."""
    attributes = _attributes(received.event_type, received.received_at, received.traceparent)
    event = b'{"id":"%b",%b%b}' % (new_id().encode(), attributes, msgspec.json.encode(received))
    events = {INGEST.partition_of(received.bus_key): [event]}
    _check_sizes(events)
    return events


def records_of(events: Events) -> list[NewRecord]:
    """As few records as hold the events."""
    return [
        NewRecord(INGEST.name, partition, b"[%b]" % b",".join(chunk), None, _HEADERS)
        for partition, texts in events.items()
        for chunk in _chunks(texts)
    ]


def _attributes(event_type: str, time: datetime, traceparent: str | None) -> bytes:
    """The JSON of an event between its id and its data."""
    attributes = {"specversion": "1.0", "source": SOURCE, "type": event_type, "time": time, "datacontenttype": JSON}
    if traceparent is not None:
        attributes["traceparent"] = traceparent
    return msgspec.json.encode(attributes)[1:-1] + b',"data":'


def _shared(envelope: Envelope) -> bytes:
    """The JSON of an event's data up to its first call."""
    shared: dict[str, Any] = {"source_id": envelope.source_id, "received_at": envelope.received_at}
    if envelope.sent_at is not None:
        shared["sent_at"] = envelope.sent_at
    if envelope.context:
        shared["context"] = envelope.context
    if envelope.integrations:
        shared["integrations"] = envelope.integrations
    if envelope.flaws:
        shared["flaws"] = envelope.flaws
    return msgspec.json.encode(shared)[:-1] + b',"events":['


def _joined(lane: Sequence[Text]) -> Iterator[bytes]:
    """The texts with commas between them, cut where an event would become too large."""
    whole = b",".join(lane)
    if len(whole) <= _MAX_CALLS_BYTES or len(lane) == 1:
        yield whole
    else:
        middle = len(lane) // 2
        yield from _joined(lane[:middle])
        yield from _joined(lane[middle:])


def _check_sizes(events: Events) -> None:
    largest = max(len(text) for texts in events.values() for text in texts)
    if largest > MAX_RECORD_BYTES:
        raise RecordTooLarge(f"{largest} bytes to be kept together; at most {MAX_RECORD_BYTES}")


def _chunks(texts: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = size = 0
    for index, text in enumerate(texts):
        if size and size + len(text) > MAX_RECORD_BYTES:
            yield texts[start:index]
            start, size = index, 0
        size += len(text) + 1
    yield texts[start:]
