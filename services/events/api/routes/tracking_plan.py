"""/v1/tracking-plan: what sources are expected to send, and how often they do not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.tracking_plan.plans import SqlPlans
from services.events.adapters.sql.tracking_plan.violations import SqlViolations
from services.events.api.dependencies import Wired
from services.events.api.schemas.tracking_plan import (
    OfEvent,
    OfPlan,
    PlanBody,
    PlanId,
    PlanView,
    RuleViolationsView,
)
from services.events.use_cases.tracking_plan.keep_plans import change_plan, create_plan, remove_plan
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/tracking-plan", tags=["Tracking plan"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Writer = Annotated[Caller, Depends(require("plans:write"))]


@router.post("/plans", name="create_plan", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create(
    body: PlanBody, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> PlanView:
    """Make a plan; rules are drafted in it next."""
    with wired.database.transaction() as session:

        def act() -> PlanView:
            return PlanView.of(create_plan(SqlPlans(session), body.wanted(), clock=wired.clock))

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=PlanView, act=act)
    response.headers["Location"] = f"{router.prefix}/plans/{made.id}"
    return _tagged(made, response)


@router.get("/plans", dependencies=[Requires("plans:read")])
def list_plans(wired: Wired, paging: Paged) -> Page[PlanView]:
    """Plans, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlPlans(session).page(limit=paging.limit + 1, before=before)
    return paging.page(found, PlanView.of)


@router.get(
    "/plans/{plan_id}", name="get_plan", dependencies=[Requires("plans:read")], responses=with_headers(200, ETAG)
)
def show(plan_id: PlanId, wired: Wired, response: Response) -> PlanView:
    """One plan; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        plan = SqlPlans(session).get(plan_id)
    return _tagged(PlanView.of(plan), response)


@router.put(
    "/plans/{plan_id}", name="change_plan", dependencies=[Requires("plans:write")], responses=with_headers(200, ETAG)
)
def change(plan_id: PlanId, body: PlanBody, wired: Wired, response: Response, seen: SeenVersion) -> PlanView:
    """Change a plan. The change applies to calls recorded from then on."""
    with wired.database.transaction() as session:
        plan = change_plan(SqlPlans(session), plan_id, body.wanted(), seen=seen, clock=wired.clock)
    return _tagged(PlanView.of(plan), response)


@router.delete("/plans/{plan_id}", name="delete_plan", status_code=204, dependencies=[Requires("plans:write")])
def remove(plan_id: PlanId, wired: Wired) -> None:
    """Delete a plan and its rules. Calls that it blocked stay in quarantine, and may be replayed."""
    with wired.database.transaction() as session:
        remove_plan(SqlPlans(session), plan_id)


@router.get("/violations", dependencies=[Requires("plans:read")])
def list_violations(
    wired: Wired, paging: Paged, plan_id: OfPlan = None, event: OfEvent = None
) -> Page[RuleViolationsView]:
    """Rules that calls broke, the last broken first, each with a sample."""
    before = paging.after(datetime, str)
    with wired.database.reading() as session:
        found = SqlViolations(session).page(plan_id=plan_id, event=event, limit=paging.limit + 1, before=before)
    return paging.page(found, RuleViolationsView.of, by=("last_seen_at", "rule_id"))


def _tagged(view: PlanView, response: Response) -> PlanView:
    response.headers["ETag"] = etag(view.version)
    return view
