"""Rules of tracking plans: drafted, tried, published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.tracking_plan.plans import SqlPlans
from services.events.api.dependencies import Wired
from services.events.api.schemas.plan_rules import (
    NewRule,
    RuleDraft,
    RuleId,
    RuleView,
    SchemaTrial,
    Trial,
    TrialResult,
    ViolationView,
)
from services.events.api.schemas.tracking_plan import PlanId
from services.events.domain.tracking_plan.empty_ranges import refuse_empty_ranges
from services.events.domain.tracking_plan.plans import Check
from services.events.domain.tracking_plan.schema_limits import check_limits
from services.events.use_cases.tracking_plan.keep_plans import draft_rule, publish_rule, redraft_rule, remove_rule
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import LOCATION, with_headers
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/tracking-plan", tags=["Tracking plan"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Writer = Annotated[Caller, Depends(require("plans:write"))]


@router.post("/plans/{plan_id}/rules", name="draft_rule", status_code=201, responses=with_headers(201, LOCATION))
def draft(
    plan_id: PlanId,
    body: NewRule,
    wired: Wired,
    response: Response,
    caller: Writer,
    idempotency_key: IdempotencyKey = None,
) -> RuleView:
    """Draft the next version of the rule of an event, or of a kind of call."""
    with wired.database.transaction() as session:

        def act() -> RuleView:
            rule = draft_rule(
                SqlPlans(session), plan_id, body.wanted(), compile_schema=wired.plans.compile_schema, clock=wired.clock
            )
            return RuleView.of(rule)

        described = f"rule:{plan_id}:{body.model_dump_json()}"
        made = once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=RuleView, act=act)
    response.headers["Location"] = f"{router.prefix}/rules/{made.id}"
    return made


@router.get("/plans/{plan_id}/rules", dependencies=[Requires("plans:read")])
def list_rules(plan_id: PlanId, wired: Wired, paging: Paged) -> Page[RuleView]:
    """The rules of a plan, drafts too, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        plans = SqlPlans(session)
        plans.get(plan_id)
        found = plans.rules_page(plan_id, limit=paging.limit + 1, before=before)
    return paging.page(found, RuleView.of)


@router.get("/rules/{rule_id}", name="get_rule", dependencies=[Requires("plans:read")])
def show(rule_id: RuleId, wired: Wired) -> RuleView:
    """One rule."""
    with wired.database.reading() as session:
        return RuleView.of(SqlPlans(session).rule(rule_id))


@router.put("/rules/{rule_id}", name="redraft_rule", dependencies=[Requires("plans:write")])
def redraft(rule_id: RuleId, body: RuleDraft, wired: Wired) -> RuleView:
    """Change a draft. A published rule cannot be changed."""
    with wired.database.transaction() as session:
        rule = redraft_rule(
            SqlPlans(session),
            rule_id,
            schema=body.json_schema,
            description=body.description,
            compile_schema=wired.plans.compile_schema,
        )
    return RuleView.of(rule)


@router.post("/rules/{rule_id}/publish", name="publish_rule", dependencies=[Requires("plans:write")])
def publish(rule_id: RuleId, wired: Wired) -> RuleView:
    """Publish a draft; publishing again changes nothing."""
    with wired.database.transaction() as session:
        return RuleView.of(publish_rule(SqlPlans(session), rule_id, clock=wired.clock))


@router.delete("/rules/{rule_id}", name="delete_rule", status_code=204, dependencies=[Requires("plans:write")])
def remove(rule_id: RuleId, wired: Wired) -> None:
    """Delete a rule; the version before it applies again."""
    with wired.database.transaction() as session:
        remove_rule(SqlPlans(session), rule_id, clock=wired.clock)


@router.post("/rules/{rule_id}/validate", dependencies=[Requires("plans:read")])
def try_rule(rule_id: RuleId, body: Trial, wired: Wired) -> TrialResult:
    """Try a rule, draft or published, on a call; nothing is stored."""
    with wired.database.reading() as session:
        rule = SqlPlans(session).rule(rule_id)
    return _tried(wired.plans.compile_schema(rule.schema), body)


@router.post("/validate", dependencies=[Requires("plans:read")])
def try_schema(body: SchemaTrial, wired: Wired) -> TrialResult:
    """Try a schema on a call; nothing is stored."""
    check_limits(body.json_schema)
    refuse_empty_ranges(body.json_schema)
    return _tried(wired.plans.compile_schema(body.json_schema), body)


def _tried(check: Check, trial: Trial) -> TrialResult:
    violations = [ViolationView.of(violation) for violation in check(trial.call)]
    return TrialResult(valid=not violations, violations=violations)
