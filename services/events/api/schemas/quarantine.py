"""Calls in quarantine, and how they are mended, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.corrections import CorrectionStep
from services.events.api.schemas.tracking_plan import JsonObject, SourceIdText
from services.events.domain.kinds import Kind
from services.events.domain.tracking_plan.plans import Breach
from services.events.use_cases.tracking_plan.mend_quarantine import Outcome
from services.events.use_cases.tracking_plan.ports import Entry, EntryFilter, EntryState
from shared.http.pagination import Place
from shared.http.patterns import ID, NOT_BLANK, worded
from shared.http.schemas import Schema

EntryId = Annotated[str, Path(max_length=36, pattern=ID, description="a quarantined call's id")]
BROKEN_RULE = worded(r"^[0-9a-f]{32}$", "the rule of a violation: 32 of 0 to 9 and a to f")


class BreachView(BaseModel):
    """What is wrong with a call; `rule_id` is that of `/v1/tracking-plan/violations`."""

    rule_id: str
    plan_id: str
    pointer: str
    keyword: str
    message: str

    @classmethod
    def of(cls, breach: Breach) -> BreachView:
        """The violation as it is shown."""
        violation = breach.violation
        return cls(
            rule_id=breach.rule_id,
            plan_id=breach.plan_id,
            pointer=violation.pointer,
            keyword=violation.keyword,
            message=violation.message,
        )


class EntryView(BaseModel):
    """A call that was blocked. Without `violations` it may be replayed; `touchpoint_id` is what became of it then."""

    id: str
    state: EntryState
    source_id: str
    message_id: str
    subject: str
    kind: Kind
    event: str | None
    received_at: datetime
    violations: list[BreachView]
    corrected_at: datetime | None
    touchpoint_id: str | None
    call: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> EntryView:
        """The entry as it is shown."""
        return cls(**_shown(entry))


class EntryDetail(EntryView):
    """A call that was blocked, with the call as it was before all corrections."""

    original: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> EntryDetail:
        """The entry with everything that is kept of it."""
        return cls(**_shown(entry), original=msgspec.json.decode(entry.original))


def _shown(entry: Entry) -> dict[str, Any]:
    plain = ("id", "state", "source_id", "message_id", "subject", "kind", "event", "received_at")
    later = ("corrected_at", "touchpoint_id")
    return {
        **{name: getattr(entry, name) for name in (*plain, *later)},
        "violations": [BreachView.of(breach) for breach in entry.breaches],
        "call": msgspec.json.decode(entry.call),
    }


class CorrectedCall(Schema):
    """The call as it should have been: the same message of the same moment."""

    call: JsonObject = Field(
        examples=[
            {
                "type": "track",
                "event": "Order Completed",
                "userId": "17850",
                "messageId": "m1",
                "properties": {"order_id": "1"},
            }
        ]
    )


class Chosen(Schema):
    """Which held calls to choose; without a condition, all of them."""

    event: str | None = Field(None, min_length=1, max_length=500, pattern=NOT_BLANK)
    source_id: SourceIdText | None = None
    rule_id: str | None = Field(None, pattern=BROKEN_RULE, description="a rule of `/v1/tracking-plan/violations`")

    def filter(self) -> EntryFilter:
        """The choice as the use case takes it."""
        return EntryFilter(self.event, self.source_id, self.rule_id)


class BulkCorrection(Schema):
    """Steps to apply, in order, to every chosen call. With `dry_run` nothing is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "chosen": {"event": "Order Completed"},
                    "steps": [{"op": "rename", "path": "/properties/orderId", "to": "/properties/order_id"}],
                    "dry_run": True,
                }
            ]
        }
    )

    chosen: Chosen = Chosen()
    steps: list[CorrectionStep] = Field(min_length=1, max_length=20)
    dry_run: bool = Field(False, strict=True)


class BulkReplay(Schema):
    """Which held calls to replay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"chosen": {"event": "Order Completed"}}]})

    chosen: Chosen = Chosen()


class CorrectedSample(BaseModel):
    """One of the calls: as it is after the steps, or why they cannot be taken."""

    entry: EntryView
    problem: str | None


class BulkResult(BaseModel):
    """What the steps did, or would do. `valid` calls may be replayed; go on with `next_cursor` until it is null."""

    matched: int
    changed: int
    valid: int
    refused: int
    samples: list[CorrectedSample]
    next_cursor: str | None

    @classmethod
    def of(cls, outcome: Outcome, place: Place) -> BulkResult:
        """The outcome as it is shown."""
        return cls(
            matched=outcome.matched,
            changed=outcome.changed,
            valid=outcome.valid,
            refused=outcome.refused,
            samples=[CorrectedSample(entry=EntryView.of(entry), problem=why) for entry, why in outcome.samples],
            next_cursor=place.next(outcome.last_id) if outcome.last_id else None,
        )


class ReplayResult(BaseModel):
    """How many calls are on their way, and how many stay because they still break a plan that blocks."""

    replaying: int
    still_held: int
    next_cursor: str | None
