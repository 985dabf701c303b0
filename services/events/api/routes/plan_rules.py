"""Rules of tracking plans: drafted, tried, published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.events.adapters.sql.tracking_plan.plans import SqlPlans
from services.events.api.schemas.tracking_plan import (
    NewRule,
    PlanId,
    RuleDraft,
    RuleId,
    RuleView,
    SchemaTrial,
    Trial,
    TrialResult,
    ViolationView,
)
from services.events.domain.tracking_plan.empty_ranges import refuse_empty_ranges
from services.events.domain.tracking_plan.plans import Check
from services.events.domain.tracking_plan.schema_limits import check_limits
from services.events.use_cases.tracking_plan.keep_plans import draft_rule, publish_rule, redraft_rule, remove_rule
from services.events.wiring.plans import PlanWiring
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.clock import utc_now
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(
    prefix="/v1/tracking-plan", tags=["Tracking plan"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Writer = Annotated[Caller, Depends(require("plans:write"))]


@router.post("/plans/{plan_id}/rules", name="draft_rule", status_code=201)
def draft(
    plan_id: PlanId,
    body: NewRule,
    request: Request,
    response: Response,
    caller: Writer,
    idempotency_key: IdempotencyKey = None,
) -> RuleView:
    """Draft the next version of the rule of an event, or of a kind of call."""
    database: Database = request.app.state.database
    plans: PlanWiring = request.app.state.plans
    with database.transaction() as session:

        def act() -> RuleView:
            rule = draft_rule(
                SqlPlans(session), plan_id, body.wish(), compile_schema=plans.compile_schema, clock=utc_now
            )
            return RuleView.of(rule)

        described = f"rule:{plan_id}:{body.model_dump_json()}"
        made = once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=RuleView, act=act)
    response.headers["Location"] = f"{router.prefix}/rules/{made.id}"
    return made


@router.get("/plans/{plan_id}/rules", dependencies=[Requires("plans:read")])
def list_rules(plan_id: PlanId, request: Request, paging: Paged) -> Page[RuleView]:
    """The rules of a plan, drafts too, newest first."""
    before = paging.after_id()
    database: Database = request.app.state.database
    with database.reading() as session:
        plans = SqlPlans(session)
        plans.get(plan_id)
        found = plans.rules_page(plan_id, limit=paging.limit + 1, before=before)
    return paging.page(found, RuleView.of)


@router.get("/rules/{rule_id}", name="get_rule", dependencies=[Requires("plans:read")])
def show(rule_id: RuleId, request: Request) -> RuleView:
    """One rule."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return RuleView.of(SqlPlans(session).rule(rule_id))


@router.put("/rules/{rule_id}", name="redraft_rule", dependencies=[Requires("plans:write")])
def redraft(rule_id: RuleId, body: RuleDraft, request: Request) -> RuleView:
    """Change a draft. A published rule stays as it is."""
    database: Database = request.app.state.database
    plans: PlanWiring = request.app.state.plans
    with database.transaction() as session:
        rule = redraft_rule(
            SqlPlans(session),
            rule_id,
            schema=body.json_schema,
            description=body.description,
            compile_schema=plans.compile_schema,
        )
    return RuleView.of(rule)


@router.post("/rules/{rule_id}/publish", name="publish_rule", dependencies=[Requires("plans:write")])
def publish(rule_id: RuleId, request: Request) -> RuleView:
    """Put a draft in force; publishing again changes nothing."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        return RuleView.of(publish_rule(SqlPlans(session), rule_id, clock=utc_now))


@router.delete("/rules/{rule_id}", name="delete_rule", status_code=204, dependencies=[Requires("plans:write")])
def remove(rule_id: RuleId, request: Request) -> None:
    """Delete a rule; the version before it is in force again."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        remove_rule(SqlPlans(session), rule_id, clock=utc_now)


@router.post("/rules/{rule_id}/validate", dependencies=[Requires("plans:read")])
def try_rule(rule_id: RuleId, body: Trial, request: Request) -> TrialResult:
    """Try a rule, draft or not, on a call; nothing is kept."""
    database: Database = request.app.state.database
    plans: PlanWiring = request.app.state.plans
    with database.reading() as session:
        rule = SqlPlans(session).rule(rule_id)
    return _tried(plans.compile_schema(rule.schema), body)


@router.post("/validate", dependencies=[Requires("plans:read")])
def try_schema(body: SchemaTrial, request: Request) -> TrialResult:
    """Try a schema on a call; nothing is kept."""
    plans: PlanWiring = request.app.state.plans
    check_limits(body.json_schema)
    refuse_empty_ranges(body.json_schema)
    return _tried(plans.compile_schema(body.json_schema), body)


def _tried(check: Check, trial: Trial) -> TrialResult:
    violations = [ViolationView.of(violation) for violation in check(trial.call)]
    return TrialResult(valid=not violations, violations=violations)
