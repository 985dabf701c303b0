"""Mending calls in quarantine, and sending them on their way again: the same message, received at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from services.events.domain.errors import InvalidCall
from services.events.domain.tracking_plan.corrections import Step, check_same, corrected
from services.events.domain.tracking_plan.errors import CorrectionRefused, EntryNotHeld
from services.events.domain.tracking_plan.plans import MAX_VIOLATIONS, Breach, PlanBook
from services.events.use_cases.accept_calls import CallLimits, Lanes, accept_call
from services.events.use_cases.calls import Call
from services.events.use_cases.read_calls import Shared, Unreadable, read_call
from services.events.use_cases.tracking_plan.check_plans import judge
from services.events.use_cases.tracking_plan.ports import Entry, EntryFilter, Quarantine
from shared.clock import Clock
from shared.contracts.events import TouchpointRecordedV1

AT_ONCE = 500
"""Entries that one request looks at; a cursor leads on."""

_SHOWN = 10
_decode = msgspec.json.Decoder(Call).decode


class Sender(Protocol):
    """The way into the ingest topic, in the caller's transaction."""

    def send(self, entry: Entry, lanes: Lanes) -> None:
        """Let the call of an entry be received once the transaction has committed, as of when it was first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What mending needs, all of it in one transaction."""

    quarantine: Quarantine
    book: PlanBook
    limits: CallLimits
    clock: Clock


@dataclass(slots=True)
class Outcome:
    """What a bulk correction did, or would do: `valid` calls break no plan any more; `refused` ones stay as they are.

    `last_id` is where to go on, None at the end.
    """

    matched: int = 0
    changed: int = 0
    valid: int = 0
    refused: int = 0
    samples: list[tuple[Entry, str | None]] = field(default_factory=list)
    last_id: str | None = None


def correct_call(entry_id: str, call: Mapping[str, Any], mending: Mending) -> Entry:
    """Put `call` in the place of the one that is held. Raises EntryNotFound, EntryNotHeld, CorrectionRefused or
    InvalidCall."""
    entry = mending.quarantine.get(entry_id, lock=True)
    if entry.state != "held":
        raise EntryNotHeld(f"call {entry_id} is {entry.state}")
    mended = _mended(entry, call, mending)
    mending.quarantine.save(mended)
    return mended


def correct_calls(
    wanted: EntryFilter, steps: Sequence[Step], mending: Mending, *, after: str | None, dry: bool
) -> Outcome:
    """Take the same steps with every held call that is wanted; nothing is kept of it with `dry`."""
    outcome = Outcome()
    found = mending.quarantine.held(wanted, limit=AT_ONCE + 1, after=after)
    for entry in found[:AT_ONCE]:
        outcome.matched += 1
        problem: str | None = None
        try:
            mended = _mended(entry, corrected(msgspec.json.decode(entry.call), steps), mending)
        except (CorrectionRefused, InvalidCall) as error:
            outcome.refused += 1
            mended, problem = entry, str(error)
        else:
            outcome.changed += mended.call != entry.call
            outcome.valid += not mended.breaches
            if not dry:
                mending.quarantine.save(mended)
        if len(outcome.samples) < _SHOWN:
            outcome.samples.append((mended, problem))
    if len(found) > AT_ONCE:
        outcome.last_id = found[AT_ONCE - 1].id
    return outcome


def replay_call(entry_id: str, mending: Mending, sender: Sender) -> Entry:
    """Send a held call on its way; one that is on its way, or arrived, stays as it is. Raises EntryNotFound."""
    entry = mending.quarantine.get(entry_id, lock=True)
    return _sent(entry, mending, sender) if entry.state == "held" else entry


def replay_calls(
    wanted: EntryFilter, mending: Mending, sender: Sender, *, after: str | None = None
) -> tuple[int, int, str | None]:
    """Send the held calls that are wanted and break no plan any more: how many went, how many stay, where to go on."""
    found = mending.quarantine.held(wanted, limit=AT_ONCE + 1, after=after)
    sent = 0
    for entry in found[:AT_ONCE]:
        _, breaches = _judged(entry, entry.call, mending)
        if not breaches:
            _sent(entry, mending, sender)
            sent += 1
    looked_at = min(len(found), AT_ONCE)
    return sent, looked_at - sent, found[AT_ONCE - 1].id if len(found) > AT_ONCE else None


def remove_call(entry_id: str, quarantine: Quarantine) -> None:
    """Delete a call from quarantine. Raises EntryNotFound, or EntryNotHeld while it is on its way."""
    if quarantine.get(entry_id, lock=True).state == "replaying":
        raise EntryNotHeld(f"call {entry_id} is on its way; wait until it was recorded or came back")
    quarantine.remove(entry_id)


def _sent(entry: Entry, mending: Mending, sender: Sender) -> Entry:
    on_its_way = replace(entry, state="replaying")
    mending.quarantine.save(on_its_way)
    sender.send(on_its_way, _lanes(entry.call, mending.limits))
    return on_its_way


def _mended(entry: Entry, call: Mapping[str, Any], mending: Mending) -> Entry:
    check_same(msgspec.json.decode(entry.call), call)
    text = msgspec.json.encode(call)
    touchpoint, breaches = _judged(entry, text, mending)
    subject, event = touchpoint.subject, touchpoint.name
    return replace(entry, call=text, subject=subject, event=event, breaches=breaches, corrected_at=mending.clock())


def _judged(entry: Entry, text: bytes, mending: Mending) -> tuple[TouchpointRecordedV1, tuple[Breach, ...]]:
    """What the text of a call would be, and what is wrong with it by the plans of today.

    Raises InvalidCall or CorrectionRefused.
    """
    _lanes(text, mending.limits)
    shared = Shared(entry.source_id, entry.received_at, None, {}, None, entry.traceparent)
    try:
        touchpoint = read_call(text, shared)
    except Unreadable as error:
        raise CorrectionRefused(str(error)) from error
    verdict = judge(mending.book, touchpoint, lambda: msgspec.json.decode(text))
    return touchpoint, verdict.breaches[:MAX_VIOLATIONS] if verdict and verdict.mode == "block" else ()


def _lanes(text: bytes, limits: CallLimits) -> Lanes:
    """The call as the tracking API takes it; what its batch shared may have made it larger than a single call."""
    try:
        call = _decode(text)
    except msgspec.MsgspecError as error:
        raise CorrectionRefused(f"no call: {error}") from error
    return accept_call(call, text, kind=call.type or "", limits=replace(limits, call_bytes=limits.batch_bytes))
