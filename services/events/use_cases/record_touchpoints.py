"""Recording touchpoints: calls as they were acknowledged become touchpoints, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from services.events.domain.duplicates import bucket_of, message_hash
from services.events.use_cases.ports import Drafting, Erased, FactsOut, Refusals, Seen, Touchpoints
from services.events.use_cases.read_calls import Shared, Unreadable, read_call
from services.events.use_cases.tracking_plan.check_plans import PlanChecks, ReadCall, check_plans
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1
from shared.ids import start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What recording needs, all of it in one transaction."""

    draft: Drafting
    touchpoints: Touchpoints
    plans: PlanChecks
    out: FactsOut
    erased: Erased
    refusals: Refusals


@dataclass(slots=True)
class ReadCalls:
    """Calls as they were read, in order; the hashes of their messages by bucket; what could not be read, and why."""

    calls: list[ReadCall] = field(default_factory=list)
    hashes: dict[int, set[bytes]] = field(default_factory=dict)
    unreadable: list[tuple[IngestReceivedV1, str]] = field(default_factory=list)


def read_calls(received: Sequence[IngestReceivedV1], currencies: Mapping[str, str], *, draft: Drafting) -> ReadCalls:
    """Read every call of `received`; needs no transaction. `currencies` are the sources' defaults."""
    read = ReadCalls()
    for request in received:
        shared = Shared.of(request, currencies.get(request.source_id))
        bucket = bucket_of(request.received_at)
        hashes = read.hashes.setdefault(bucket, set())
        for text in request.events:
            try:
                touchpoint = read_call(text, shared)
            except Unreadable as error:
                read.unreadable.append((replace(request, events=(text,)), str(error)))
            else:
                hashed = message_hash(request.source_id, touchpoint.message_id)
                hashes.add(hashed)
                seen = Seen(bucket, hashed, start_of(touchpoint.touchpoint_id))
                read.calls.append(ReadCall(draft(touchpoint, seen), text, request))
    return read


def record_touchpoints(read: ReadCalls, recording: Recording) -> None:
    """Record what is new of the calls, in order, and tell it; what could not be read becomes a dead letter.

    What a tracking plan blocks goes into quarantine instead; what comes late of erased customers is dropped.
    """
    for refused, reason in read.unreadable:
        recording.refusals.add(refused, reason)
    calls = recording.erased.without(
        read.calls, names=lambda call: (call.touchpoint.subject,), moment=lambda call: call.touchpoint.received_at
    )
    new, duplicates = _sifted(calls, recording.touchpoints.known(read.hashes), read)
    checked = check_plans(new, recording.plans, draft=recording.draft)
    recording.touchpoints.add(checked.drafts)
    recording.out.add([draft.event for draft in checked.drafts])
    recorded = [draft.touchpoint for draft in checked.drafts]
    recording.touchpoints.tally(recorded, [*duplicates, *checked.duplicates])


def _sifted(
    calls: Sequence[ReadCall], known: set[bytes], read: ReadCalls
) -> tuple[Sequence[ReadCall], list[TouchpointRecordedV1]]:
    """The calls whose messages are new, and the touchpoints of the others."""
    if not known and len(set().union(*read.hashes.values())) == len(read.calls):
        return calls, []
    new: list[ReadCall] = []
    duplicates: list[TouchpointRecordedV1] = []
    for call in calls:
        hashed = call.draft.seen.hash
        if hashed in known:
            duplicates.append(call.touchpoint)
        else:
            known.add(hashed)
            new.append(call)
    return new, duplicates
