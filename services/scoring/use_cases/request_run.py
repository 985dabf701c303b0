"""Ask for a run of the models; the worker does it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.scoring.domain.errors import InvalidRun, UnknownModel
from services.scoring.domain.scores import MODELS
from services.scoring.use_cases.ports import Runs, RunSettings, ScoreRun, Storage
from shared.clock import Clock
from shared.ids import new_id


def request_run(
    runs: Runs,
    settings: RunSettings,
    *,
    trigger: Literal["request", "schedule"],
    at: datetime,
    traceparent: str | None = None,
) -> ScoreRun:
    """Queue a run. Raises UnknownModel, or InvalidRun when it has no model or looks into the future."""
    if unknown := sorted(set(settings.models) - set(MODELS)):
        raise UnknownModel(f"no model is called {', '.join(unknown)}; there are {', '.join(MODELS)}")
    if not settings.models:
        raise InvalidRun("name at least one model")
    if settings.as_of > at:
        raise InvalidRun("as_of lies in the future")
    run = ScoreRun(
        id=new_id(), state="queued", trigger=trigger, settings=settings, created_at=at, traceparent=traceparent
    )
    runs.add(run)
    return run


def request_due_run(storage: Storage, *, every: timedelta, idle_since: datetime, clock: Clock) -> ScoreRun | None:
    """Queue a run of every model when the last one of the schedule was `every` ago or earlier.

    What people ask for puts off nothing: it may be of one model, or of the past. Before the first run the wait counts
    from `idle_since`: a suite that is being filled is not scored half full.
    """
    with storage.transaction() as runs:
        now = clock()
        if now - (runs.latest_scheduled_at() or idle_since) < every:
            return None
        return request_run(runs, RunSettings(MODELS, as_of=now), trigger="schedule", at=now)
