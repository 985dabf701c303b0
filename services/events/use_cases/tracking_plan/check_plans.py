"""Checking calls against tracking plans, where they are recorded: what breaks a plan is told, flagged or held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace as with_fields

from services.events.domain.json_text import decode_leniently
from services.events.domain.tracking_plan.plans import MAX_VIOLATIONS, PlanBook, Verdict
from services.events.use_cases.ports import Draft, Drafting
from services.events.use_cases.tracking_plan.notices import notice_of
from services.events.use_cases.tracking_plan.ports import Broken, Entry, Quarantine, ViolationCounts
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1

FLAW = "tracking-plan"
_Read = Callable[[], Mapping[str, Any]]


class ReadCall(msgspec.Struct, frozen=True, gc=False):
    """A call: what was read of it, its own text, and what it came in."""

    draft: Draft
    text: msgspec.Raw | bytes
    received: IngestReceivedV1

    @property
    def touchpoint(self) -> TouchpointRecordedV1:
        """What was read of it."""
        return self.draft.touchpoint


@dataclass(frozen=True, slots=True)
class PlanChecks:
    """What checking needs, all of it in one transaction."""

    book: PlanBook
    violations: ViolationCounts
    quarantine: Quarantine


@dataclass(slots=True)
class Checked:
    """What is left to record; `duplicates` are calls that are in quarantine or came through it."""

    drafts: list[Draft] = field(default_factory=list)
    duplicates: list[TouchpointRecordedV1] = field(default_factory=list)


def check_plans(calls: Sequence[ReadCall], checks: PlanChecks, *, draft: Drafting) -> Checked:
    """Sort calls by what the plans say, hold what is blocked, count violations, let go what is replayed and right."""
    quarantine = checks.quarantine
    entries = quarantine.find([call.draft.seen.hash for call in calls]) if calls and quarantine.is_in_use() else {}
    if not checks.book and not entries:
        return Checked([call.draft for call in calls])
    checked = Checked()
    broken: list[Broken] = []
    for call in calls:
        entry = entries.get(call.draft.seen.hash)
        if entry is not None and entry.state == "replayed":
            checked.duplicates.append(call.touchpoint)
            continue
        verdict = judge(checks.book, call.touchpoint, partial(_whole, call))
        if verdict is not None and verdict.mode == "block" and not _hold(call, verdict, entry, quarantine):
            checked.duplicates.append(call.touchpoint)
            continue
        if verdict is not None:
            broken += _broken(call.touchpoint, verdict)
            checked.drafts.append(notice_of(call.touchpoint, verdict, draft))
        if verdict is None or verdict.mode != "block":
            checked.drafts.append(_flagged(call.draft, verdict, draft))
            if entry is not None:
                _close(entry, call, quarantine)
    checks.violations.count(broken)
    return checked


def judge(book: PlanBook, touchpoint: TouchpointRecordedV1, read: _Read) -> Verdict | None:
    """What the plans say of the call that a touchpoint was read from."""
    protocols = touchpoint.context.get("protocols")
    return book.judge(
        read,
        source_id=touchpoint.source_id,
        kind=touchpoint.kind,
        event=touchpoint.name,
        version=protocols.get("event_version") if isinstance(protocols, dict) else None,
    )


def _whole(call: ReadCall) -> dict[str, Any]:
    """The call with everything that its request shares, so that it stands for itself; without the key it came with."""
    whole = _decoded(call.text)
    whole.pop("writeKey", None)
    received = call.received
    for name, shared in (("context", received.context), ("integrations", received.integrations)):
        if shared:
            whole[name] = {**shared, **(whole.get(name) or {})}
    if whole.get("sentAt") is None and received.sent_at is not None:
        whole["sentAt"] = received.sent_at
    return whole


def _decoded(text: msgspec.Raw | bytes) -> dict[str, Any]:
    """All of a call."""
    try:
        return dict(msgspec.json.decode(text))
    except msgspec.ValidationError:  # a number that is out of range
        return dict(decode_leniently(bytes(text)))


def _hold(call: ReadCall, verdict: Verdict, entry: Entry | None, quarantine: Quarantine) -> bool:
    """Put a call into quarantine, or back; False when it is there and this is merely the client sending it again."""
    if entry is not None:
        if entry.state != "replaying" or entry.call != bytes(call.text):
            return False
        quarantine.save(replace(entry, state="held", breaches=verdict.breaches[:MAX_VIOLATIONS]))
        return True
    touchpoint, text = call.touchpoint, msgspec.json.encode(_whole(call))
    return quarantine.hold(
        Entry(
            id=touchpoint.touchpoint_id,
            message_hash=call.draft.seen.hash,
            source_id=touchpoint.source_id,
            message_id=touchpoint.message_id,
            subject=touchpoint.subject,
            kind=touchpoint.kind,
            event=touchpoint.name,
            received_at=touchpoint.received_at,
            held_at=touchpoint.received_at,
            original=text,
            call=text,
            breaches=verdict.breaches[:MAX_VIOLATIONS],
            traceparent=touchpoint.traceparent,
        )
    )


def _close(entry: Entry, call: ReadCall, quarantine: Quarantine) -> None:
    quarantine.save(replace(entry, state="replayed", touchpoint_id=call.touchpoint.touchpoint_id))


def _flagged(sound: Draft, verdict: Verdict | None, draft: Drafting) -> Draft:
    flagging = [breach for breach in verdict.breaches if breach.mode == "flag"] if verdict else []
    if not flagging:
        return sound
    flaws = (f"{FLAW}:{each.violation.keyword}:{each.violation.pointer}" for each in flagging[:MAX_VIOLATIONS])
    touchpoint = sound.touchpoint
    return draft(with_fields(touchpoint, flaws=(*touchpoint.flaws, *dict.fromkeys(flaws))), sound.seen)


def _broken(touchpoint: TouchpointRecordedV1, verdict: Verdict) -> list[Broken]:
    once = {breach.rule_id: breach for breach in verdict.breaches}
    return [
        Broken(breach, touchpoint.source_id, touchpoint.message_id, touchpoint.received_at) for breach in once.values()
    ]
