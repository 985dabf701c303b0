"""What tells of a violation: a touchpoint of its own."""

from __future__ import annotations

from services.events.domain.duplicates import bucket_of, message_hash
from services.events.domain.tracking_plan.plans import MAX_VIOLATIONS, Breach, Verdict
from services.events.use_cases.ports import Draft, Drafting, Seen
from shared.contracts.events import TouchpointRecordedV1
from shared.ids import new_id, start_of

VIOLATED = "Tracking Plan Violated"
"""The event that tells of a violation (Segment forwards violations likewise)."""


def notice_of(touchpoint: TouchpointRecordedV1, verdict: Verdict, draft: Drafting) -> Draft:
    """A touchpoint about the same subject that names nobody and is no act of the customer: nobody's activity."""
    touchpoint_id = new_id()
    notice = TouchpointRecordedV1(
        touchpoint_id=touchpoint_id,
        message_id=touchpoint_id,
        source_id=touchpoint.source_id,
        kind="track",
        subject=touchpoint.subject,
        occurred_at=touchpoint.occurred_at,
        received_at=touchpoint.received_at,
        name=VIOLATED,
        is_bot=True,
        properties={
            "event": touchpoint.name,
            "kind": touchpoint.kind,
            "message_id": touchpoint.message_id,
            "outcome": verdict.mode,
            "violations": [_shown(breach) for breach in verdict.breaches[:MAX_VIOLATIONS]],
        },
        traceparent=touchpoint.traceparent,
    )
    hashed = message_hash(notice.source_id, notice.message_id)
    return draft(notice, Seen(bucket_of(notice.received_at), hashed, start_of(touchpoint_id)))


def _shown(breach: Breach) -> dict[str, str]:
    violation = breach.violation
    return {
        "rule_id": breach.rule_id,
        "plan_id": breach.plan_id,
        "pointer": violation.pointer,
        "keyword": violation.keyword,
        "message": violation.message,
    }
