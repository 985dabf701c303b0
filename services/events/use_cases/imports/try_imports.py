"""Trying an import: what the first rows of a file would become, with nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.events.domain.imports.calls import MadeCall
from services.events.domain.imports.rows import RowFlaw, Sheet
from services.events.use_cases.imports.ports import ImportFile, ImportMapping
from services.events.use_cases.imports.run_imports import lanes_of
from services.events.use_cases.imports.work_off_files import Files, Step, work_off

TOLD_PROBLEMS = 50
SHOWN_CALLS = 5


@dataclass(slots=True, kw_only=True)
class Trial:
    """What was found; `complete` if the file has no more rows than were read."""

    rows: int = 0
    accepted: int = 0
    failed: int = 0
    passed_over: int = 0
    touchpoints: int = 0
    complete: bool = True
    problems: list[RowFlaw] = field(default_factory=list)
    calls: list[Mapping[str, Any]] = field(default_factory=list)


def try_import(
    file: ImportFile, mapping: ImportMapping, files: Files, *, now: datetime, most_rows: int, call_bytes: int
) -> Trial:
    """Read the first `most_rows` of a file, as an import would read all. Raises UnusableFile or NoRoom."""
    trial = Trial()
    seen: dict[str, int] = {}
    for step in work_off(file, mapping, files, now=now, most_rows=most_rows):
        _, taken, too_long = lanes_of(step.calls, step.sheet, call_bytes)
        bad = [*step.bad, *too_long]
        trial.rows = step.position
        trial.failed += len(bad)
        trial.passed_over += step.passed_over
        trial.accepted += sum(end - start for start, end in (call.span for call in taken))
        trial.touchpoints += len(taken)
        trial.problems += [flaw for row in bad for flaw in row.flaws if flaw.row == row.number]
        trial.problems += _repeated(step, taken, seen)
        trial.calls += [call.body for call in taken[: SHOWN_CALLS - len(trial.calls)]]
    trial.complete = trial.rows < most_rows
    trial.problems = sorted(trial.problems, key=lambda flaw: flaw.row)[:TOLD_PROBLEMS]
    return trial


def _repeated(step: Step, calls: list[MadeCall], seen: dict[str, int]) -> list[RowFlaw]:
    """Rows that would be taken for the same message, of which an import keeps the first alone."""
    found = []
    for call in calls:
        row = _row(step.sheet, call)
        first = seen.setdefault(call.message_id, row)
        if first != row:
            reason = f"the same message as row {first}, so only the first is kept: name more columns in message_id"
            found.append(RowFlaw(row, None, reason))
    return found


def _row(sheet: Sheet, call: MadeCall) -> int:
    return sheet.numbers[call.span[0]]
