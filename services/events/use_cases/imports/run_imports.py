"""Running an import: its rows become calls on the ingest topic, and what was done is kept behind each step.

A step is first made durable on the topic and then kept, with the messages that it brought and the position behind it.
A worker that dies in between sends the step again, under the same message ids and as received when the import was
asked for, and ingestion drops it; a message that any earlier import has kept is not sent at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec

from services.events.domain.imports.calls import MadeCall, refused_call
from services.events.domain.imports.errors import ImportFileNotFound, UnusableFile
from services.events.domain.imports.rows import BadRow, Sheet
from services.events.domain.subjects import subject_of
from services.events.use_cases.accept_calls import Lanes
from services.events.use_cases.imports.ports import Done, ImportJob, Ledger, Progress
from services.events.use_cases.imports.work_off_files import Files, Step, work_off
from shared.contracts.topics import INGEST

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """What imports are run with. `send` returns once the calls are durable on the ingest topic."""

    files: Files
    send: Callable[[ImportJob, Lanes], None]
    call_bytes: int


class _Cancelled(Exception):
    """The import is to end here."""


def run_import(job: ImportJob, ledger: Ledger, importing: Importing, stopped: Callable[[], bool]) -> None:
    """Bring an import to its end, or as far as it comes until `stopped`.

    Raises LostLease, NoRoom, and what `send` raises when the topic cannot be written.
    """

    settled = not job.is_resumed  # or a step may have been sent that was not kept: it is kept before anything else

    def reading() -> None:
        if not ledger.hold() and settled:
            raise _Cancelled

    try:
        if job.cancel_requested and settled:
            raise _Cancelled
        steps = work_off(
            job.file,
            job.mapping,
            importing.files,
            now=job.started_at or job.created_at,
            after=job.progress.position,
            opened=ledger.describe,
            reading=reading,
        )
        progress = job.progress
        for step in steps:
            progress = _take(step, progress, job=job, ledger=ledger, importing=importing)
            settled = True
            if stopped():
                return
    except _Cancelled:
        ledger.finish("cancelled")
    except (UnusableFile, ImportFileNotFound) as error:
        ledger.finish("failed", str(error))
    else:
        ledger.finish("completed")


def lanes_of(calls: Sequence[MadeCall], sheet: Sheet, limit: int) -> tuple[Lanes, list[MadeCall], list[BadRow]]:
    """The calls by partition of the ingest topic, those among them, and the rows of those that are too long."""
    lanes: Lanes = {}
    taken: list[MadeCall] = []
    bad: list[BadRow] = []
    for call in calls:
        text = _encode(call.body)
        if len(text) > limit:
            bad += refused_call(sheet, call, f"a call of {len(text)} bytes, at most {limit} are taken")
            continue
        taken.append(call)
        partition = _partition_of(call.body.get("userId"), call.body.get("anonymousId"))
        lane = lanes.get(partition)
        if lane is None:
            lanes[partition] = [text]
        else:
            lane.append(text)
    return lanes, taken, bad


def _take(step: Step, before: Progress, *, job: ImportJob, ledger: Ledger, importing: Importing) -> Progress:
    source = job.mapping.id
    known = ledger.known(source, step.calls)
    new = []
    for call in step.calls:
        if call.message_id not in known:
            known.add(call.message_id)
            new.append(call)
    lanes, taken, too_long = lanes_of(new, step.sheet, importing.call_bytes)
    if lanes:
        importing.send(job, lanes)
    bad = [*step.bad, *too_long]
    rows = sum(end - start for start, end in (call.span for call in step.calls))
    progress = replace(
        before,
        position=step.position,
        read_bytes=step.read_bytes,
        accepted=before.accepted + rows - len(too_long),
        failed=before.failed + len(bad),
        passed_over=before.passed_over + step.passed_over,
        known=before.known + len(step.calls) - len(new),
        touchpoints=before.touchpoints + len(taken),
    )
    if not ledger.advance(source, Done(progress, taken, bad)):
        raise _Cancelled
    return progress


@lru_cache(maxsize=8_192)
def _partition_of(user_id: str | None, anonymous_id: str | None) -> int:
    return INGEST.partition_of(subject_of(user_id, anonymous_id) or "")
