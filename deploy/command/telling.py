"""What is written to standard output: a few lines for people, or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_SHOWN_PROBLEMS = 10


def tell(answer: Any, *, as_json: bool, lines: Iterable[str]) -> None:
    """Write an answer."""
    text = json.dumps(answer, ensure_ascii=False, indent=2) if as_json else "\n".join(lines)
    sys.stdout.write(f"{text}\n")


def told_import(job: Any, refusals: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """An import in words, with the rows that it refused first."""
    yield (
        f"{job['id']} {job['state']}: {job['rows']:,} rows; {job['accepted']:,} accepted, {job['failed']:,} refused,"
        f" {job['passed_over']:,} passed over; {job['touchpoints']:,} new touchpoints, {job['known']:,} known before"
    )
    for row, told in refusals[:_SHOWN_PROBLEMS]:
        yield f"row {row}{',' if told.startswith('column ') else ':'} {told}"
    if job["failed"]:
        yield f"all refused rows: rapport imports errors {job['id']}, or GET /v1/imports/{job['id']}/errors"


def told_trial(trial: Any) -> Iterator[str]:
    """A dry run in words."""
    extent = "all" if trial["complete"] else "the first"
    yield (
        f"{extent} {trial['rows']:,} rows: {trial['accepted']:,} would be accepted as {trial['touchpoints']:,}"
        f" touchpoints, {trial['failed']:,} refused, {trial['passed_over']:,} passed over"
    )
    for problem in trial["problems"][:_SHOWN_PROBLEMS]:
        column = f", column {problem['column']}" if problem["column"] else ""
        yield f"row {problem['row']}{column}: {problem['reason']}"
    yield from (f"such as: {json.dumps(call, ensure_ascii=False)}" for call in trial["calls"][:1])
