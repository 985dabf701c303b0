"""/v1/score-runs: ask for a run, watch it, read how the models fared."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.scoring.adapters.sql.runs import SqlRuns
from services.scoring.adapters.sql.score_queries import ScoreQueries
from services.scoring.api.dependencies import Uuid, Wired
from services.scoring.api.schemas.runs import (
    NewScoreRun,
    ScoreRunSummary,
    ScoreRunView,
    run_settings,
    run_summary,
    run_view,
)
from services.scoring.use_cases.request_run import request_run
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import LOCATION, with_headers
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.telemetry.trace import current_traceparent

router = APIRouter(prefix="/v1/score-runs", tags=["Score runs"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.post("", status_code=202, responses=with_headers(202, LOCATION))
def create_score_run(
    body: NewScoreRun,
    wired: Wired,
    response: Response,
    caller: Annotated[Caller, Depends(require("scores:write"))],
    key: IdempotencyKey = None,
) -> ScoreRunSummary:
    """Queue a run; the worker takes it up within a second or two."""

    def act() -> ScoreRunSummary:
        now = wired.clock()
        run = request_run(
            SqlRuns(session, wired.names(session), wired.outbox),
            run_settings(body, now=now),
            trigger="request",
            at=now,
            traceparent=current_traceparent.get(),
        )
        return run_summary(run)

    with wired.database.transaction() as session:
        queued = once(session, caller=caller.key_id, key=key, request=body, answer=ScoreRunSummary, act=act)
    response.headers["Location"] = f"{router.prefix}/{queued.id}"
    return queued


@router.get("", dependencies=[Requires("scores:read")])
def list_score_runs(wired: Wired, paging: Paged) -> Page[ScoreRunSummary]:
    """Runs, latest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = ScoreQueries(session).runs(limit=paging.limit + 1, before=before)
    return paging.page(found, run_summary)


@router.get("/{run_id}", dependencies=[Requires("scores:read")])
def get_score_run(run_id: Uuid, wired: Wired) -> ScoreRunView:
    """One run: its progress and, once computed, who was scored and how every fit went."""
    with wired.database.reading() as session:
        return run_view(ScoreQueries(session).run(run_id))
