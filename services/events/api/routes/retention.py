"""/v1/retention: how long touchpoints are kept, and what would go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.retention.due_touchpoints import SqlRetentionPreview
from services.events.adapters.sql.retention.rules import SqlRetentionRules
from services.events.api.dependencies import Wired
from services.events.api.schemas.retention import (
    PreviewBody,
    PreviewView,
    RetentionRuleId,
    RetentionRuleView,
    RuleChange,
    TermBody,
)
from services.events.use_cases.retention import keep_retention
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/retention", tags=["Retention"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("retention:write"))]


@router.post("/rules", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create_retention_rule(
    body: TermBody, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> RetentionRuleView:
    """Set how long touchpoints of a kind, event name or channel are kept. Try it first: see the preview.

    The worker removes what is due within the hour, and it is gone for good.
    """
    with wired.database.transaction() as session:

        def act() -> RetentionRuleView:
            return RetentionRuleView.of(
                keep_retention.create_retention_rule(SqlRetentionRules(session), body.term, clock=wired.clock)
            )

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=RetentionRuleView, act=act)
    response.headers["Location"] = f"{router.prefix}/rules/{made.id}"
    return _tagged(made, response)


@router.get("/rules", dependencies=[Requires("retention:read")])
def list_retention_rules(wired: Wired) -> list[RetentionRuleView]:
    """Every rule, oldest first; there are 200 at most. A touchpoint that no rule covers is kept for ever."""
    with wired.database.reading() as session:
        return [RetentionRuleView.of(rule) for rule in SqlRetentionRules(session).all()]


@router.get("/rules/{rule_id}", dependencies=[Requires("retention:read")], responses=with_headers(200, ETAG))
def get_retention_rule(rule_id: RetentionRuleId, wired: Wired, response: Response) -> RetentionRuleView:
    """One rule; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        rule = SqlRetentionRules(session).get(rule_id)
    return _tagged(RetentionRuleView.of(rule), response)


@router.put("/rules/{rule_id}", dependencies=[Requires("retention:write")], responses=with_headers(200, ETAG))
def change_retention_rule(
    rule_id: RetentionRuleId, body: RuleChange, wired: Wired, response: Response, seen: SeenVersion
) -> RetentionRuleView:
    """Change for how long touchpoints are kept. What was already removed does not come back."""
    with wired.database.transaction() as session:
        rules = SqlRetentionRules(session)
        rule = keep_retention.change_retention_rule(rules, rule_id, days=body.days, seen=seen, clock=wired.clock)
    return _tagged(RetentionRuleView.of(rule), response)


@router.delete("/rules/{rule_id}", status_code=204, dependencies=[Requires("retention:write")])
def delete_retention_rule(rule_id: RetentionRuleId, wired: Wired, seen: SeenVersion) -> None:
    """Delete a rule; its touchpoints fall under the next most specific one."""
    with wired.database.transaction() as session:
        keep_retention.remove_retention_rule(SqlRetentionRules(session), rule_id, seen=seen)


@router.post("/preview", dependencies=[Requires("retention:read")])
def preview_retention(body: PreviewBody, wired: Wired) -> PreviewView:
    """How many touchpoints would be removed now, by the rules of the body or by those that are kept; none is.

    It reads everything that is stored, which takes seconds where there are millions.
    """
    with wired.database.reading() as session:
        policy = SqlRetentionRules(session).policy() if body.policy is None else body.policy
        counts = SqlRetentionPreview(session).count_due(policy, wired.clock())
    return PreviewView.of(policy, counts)


def _tagged(view: RetentionRuleView, response: Response) -> RetentionRuleView:
    response.headers["ETag"] = etag(view.version)
    return view
