"""Tracking plans, and how often they are broken, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.events.adapters.sql.tracking_plan.violations import RuleViolations
from services.events.domain.kinds import Kind
from services.events.domain.tracking_plan.plans import Mode, Plan
from services.events.use_cases.tracking_plan.keep_plans import WantedPlan
from shared.http.patterns import ID, NOT_BLANK, NOT_EMPTY
from shared.http.schemas import Schema

PlanId = Annotated[str, Path(max_length=36, pattern=ID, description="a tracking plan's id")]
OfPlan = Annotated[str | None, Query(max_length=36, pattern=ID, description="only this plan's")]
OfEvent = Annotated[str | None, Query(min_length=1, max_length=500, pattern=NOT_EMPTY, description="only this event's")]
SourceIdText = Annotated[str, Field(max_length=36, pattern=ID)]
JsonObject = dict[Annotated[str, StringConstraints(strip_whitespace=False)], Any]


class PlanBody(Schema):
    """A plan. `mode` says what happens to a call that breaks a rule, `unplanned` to an event without a rule."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "web shop", "mode": "block", "unplanned": "flag"}]}
    )

    name: str = Field(min_length=1, max_length=100, pattern=NOT_BLANK)
    source_ids: list[SourceIdText] | None = Field(
        None, max_length=200, description="the sources that it binds; null for every source"
    )
    mode: Mode = "flag"
    unplanned: Mode = Field("allow", description="track calls of events that the plan has no published rule for")

    def wanted(self) -> WantedPlan:
        """What the use cases take."""
        sources = None if self.source_ids is None else frozenset(self.source_ids)
        return WantedPlan(name=self.name, source_ids=sources, mode=self.mode, unplanned=self.unplanned)


class PlanView(BaseModel):
    """A tracking plan; `version` grows with every change of what is in force."""

    id: str
    name: str
    source_ids: list[str] | None
    mode: Mode
    unplanned: Mode
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, plan: Plan) -> PlanView:
        """The plan as it is shown."""
        return cls(
            id=plan.id,
            name=plan.name,
            source_ids=None if plan.source_ids is None else sorted(plan.source_ids),
            mode=plan.mode,
            unplanned=plan.unplanned,
            version=plan.version,
            created_at=plan.created_at,
            updated_at=plan.updated_at,
        )


class ViolationSample(BaseModel):
    """The last call that broke a rule."""

    source_id: str
    message_id: str
    message: str


class RuleViolationsView(BaseModel):
    """How many calls broke one keyword at one place of one event; `mode` is what became of the last one."""

    rule_id: str
    plan_id: str
    kind: Kind
    event: str | None
    pointer: str
    keyword: str
    calls: int
    first_seen_at: datetime
    last_seen_at: datetime
    mode: Mode
    sample: ViolationSample

    @classmethod
    def of(cls, found: RuleViolations) -> RuleViolationsView:
        """The count as it is shown."""
        return cls.model_validate(found, from_attributes=True)
