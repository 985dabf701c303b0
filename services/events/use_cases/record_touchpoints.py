"""Recording touchpoints: calls as they were acknowledged become touchpoints, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from services.events.domain.duplicates import bucket_of, message_hash
from services.events.use_cases.ports import Currencies, FactsOut, Refusals, Seen, Touchpoints
from services.events.use_cases.read_calls import Shared, Unreadable, read_call
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What recording needs, all of it in one transaction."""

    touchpoints: Touchpoints
    currencies: Currencies
    out: FactsOut
    refusals: Refusals


def record_touchpoints(received: Sequence[IngestReceivedV1], recording: Recording) -> None:
    """Record what is new of `received`, in order, and tell it; what cannot be read becomes a dead letter."""
    read = _read(received, recording)
    hashes = [message_hash(touchpoint.source_id, touchpoint.message_id) for touchpoint in read]
    buckets = [bucket_of(touchpoint.received_at) for touchpoint in read]
    by_bucket: dict[int, set[bytes]] = {}
    for bucket, hashed in zip(buckets, hashes, strict=True):
        by_bucket.setdefault(bucket, set()).add(hashed)
    known = recording.touchpoints.known(by_bucket)
    new: list[TouchpointRecordedV1] = []
    seen: list[Seen] = []
    duplicates: list[TouchpointRecordedV1] = []
    for touchpoint, bucket, hashed in zip(read, buckets, hashes, strict=True):
        if hashed in known:
            duplicates.append(touchpoint)
            continue
        known.add(hashed)
        new.append(touchpoint)
        seen.append(Seen(bucket, hashed, touchpoint.touchpoint_id))
    recording.touchpoints.add(new, seen)
    recording.out.add(new)
    recording.touchpoints.tally(new, duplicates)


def _read(received: Sequence[IngestReceivedV1], recording: Recording) -> list[TouchpointRecordedV1]:
    currencies = recording.currencies.default_currencies()
    read: list[TouchpointRecordedV1] = []
    for request in received:
        shared = Shared.of(request, currencies.get(request.source_id))
        for text in request.events:
            try:
                read.append(read_call(text, shared))
            except Unreadable as error:
                recording.refusals.add(replace(request, events=(text,)), str(error))
    return read
