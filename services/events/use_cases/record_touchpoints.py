"""Recording touchpoints: calls as they were acknowledged become touchpoints, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from services.events.domain.duplicates import bucket_of, message_hash
from services.events.use_cases.check_plans import NewCall, PlanChecks, check_plans
from services.events.use_cases.ports import Currencies, Erased, FactsOut, Refusals, Seen, Touchpoints
from services.events.use_cases.read_calls import Shared, Unreadable, read_call
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What recording needs, all of it in one transaction."""

    touchpoints: Touchpoints
    currencies: Currencies
    plans: PlanChecks
    out: FactsOut
    erased: Erased
    refusals: Refusals


def record_touchpoints(received: Sequence[IngestReceivedV1], recording: Recording) -> None:
    """Record what is new of `received`, in order, and tell it; what cannot be read becomes a dead letter.

    What a tracking plan blocks goes into quarantine instead; what comes late of erased customers is dropped.
    """
    read = recording.erased.without(
        _read(received, recording), names=lambda each: (each[0].subject,), moment=lambda each: each[0].received_at
    )
    hashes = [message_hash(touchpoint.source_id, touchpoint.message_id) for touchpoint, _, _ in read]
    buckets = [bucket_of(touchpoint.received_at) for touchpoint, _, _ in read]
    by_bucket: dict[int, set[bytes]] = {}
    for bucket, hashed in zip(buckets, hashes, strict=True):
        by_bucket.setdefault(bucket, set()).add(hashed)
    known = recording.touchpoints.known(by_bucket)
    new: list[NewCall] = []
    duplicates: list[TouchpointRecordedV1] = []
    for (touchpoint, text, request), bucket, hashed in zip(read, buckets, hashes, strict=True):
        if hashed in known:
            duplicates.append(touchpoint)
            continue
        known.add(hashed)
        new.append(NewCall(touchpoint, text, request, Seen(bucket, hashed, touchpoint.touchpoint_id)))
    checked = check_plans(new, recording.plans)
    recording.touchpoints.add(checked.touchpoints, checked.seen)
    recording.out.add(checked.touchpoints)
    recording.touchpoints.tally(checked.touchpoints, [*duplicates, *checked.duplicates])


def _read(
    received: Sequence[IngestReceivedV1], recording: Recording
) -> list[tuple[TouchpointRecordedV1, msgspec.Raw, IngestReceivedV1]]:
    currencies = recording.currencies.default_currencies()
    read = []
    for request in received:
        shared = Shared.of(request, currencies.get(request.source_id))
        for text in request.events:
            try:
                read.append((read_call(text, shared), text, request))
            except Unreadable as error:
                recording.refusals.add(replace(request, events=(text,)), str(error))
    return read
