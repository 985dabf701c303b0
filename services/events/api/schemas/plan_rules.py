"""Rules of tracking plans, and trying them, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.tracking_plan import JsonObject
from services.events.domain.kinds import Kind
from services.events.domain.tracking_plan.plans import Rule, Violation
from services.events.use_cases.tracking_plan.keep_plans import WantedRule
from shared.http.patterns import ID, NOT_BLANK, STORABLE
from shared.http.schemas import Schema

RuleId = Annotated[str, Path(max_length=36, pattern=ID, description="a rule's id")]
_EventName = Annotated[str, Field(min_length=1, max_length=500, pattern=NOT_BLANK)]
_JsonSchema = Annotated[
    JsonObject,
    Field(
        description="JSON Schema (2020-12) of the whole call: its `properties`, `traits`, `context` and so on",
        examples=[
            {
                "properties": {
                    "properties": {
                        "type": "object",
                        "required": ["order_id"],
                        "properties": {"order_id": {"type": "string"}, "total": {"type": "number", "minimum": 0}},
                    }
                }
            }
        ],
    ),
]
_Description = Annotated[str, Field(max_length=500, pattern=STORABLE)]


class RuleDraft(Schema):
    """What a draft says."""

    json_schema: _JsonSchema = Field(alias="schema")
    description: _Description = ""


class NewTrackRule(RuleDraft):
    """A rule of one event."""

    kind: Literal["track"]
    event: _EventName

    def wanted(self) -> WantedRule:
        """What the use cases take."""
        return WantedRule(kind=self.kind, event=self.event, schema=self.json_schema, description=self.description)


class NewPageRule(RuleDraft):
    """A rule of pages or screens: of one name, or without `event` of all that have none of their own."""

    kind: Literal["page", "screen"]
    event: _EventName | None = None

    def wanted(self) -> WantedRule:
        """What the use cases take."""
        return WantedRule(kind=self.kind, event=self.event, schema=self.json_schema, description=self.description)


class NewKindRule(RuleDraft):
    """A rule of every call of one kind."""

    kind: Literal["identify", "group", "alias"]

    def wanted(self) -> WantedRule:
        """What the use cases take."""
        return WantedRule(kind=self.kind, event=None, schema=self.json_schema, description=self.description)


_EXAMPLE_RULE = {
    "kind": "track",
    "event": "Order Completed",
    "schema": {"properties": {"properties": {"type": "object", "required": ["order_id"]}}},
}
NewRule = Annotated[
    NewTrackRule | NewPageRule | NewKindRule,
    Body(discriminator="kind", openapi_examples={"an event": {"value": _EXAMPLE_RULE}}),
]


class RuleView(BaseModel):
    """A rule; in force once it has `published_at`, the newest version where a call names none."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    id: str
    plan_id: str
    kind: Kind
    event: str | None
    version: int
    json_schema: dict[str, Any] = Field(alias="schema")
    description: str
    created_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, rule: Rule) -> RuleView:
        """The rule as it is shown."""
        return cls(
            id=rule.id,
            plan_id=rule.plan_id,
            kind=rule.kind,
            event=rule.event,
            version=rule.version,
            json_schema=dict(rule.schema),
            description=rule.description,
            created_at=rule.created_at,
            published_at=rule.published_at,
        )


class Trial(Schema):
    """A call to try a rule on."""

    call: JsonObject = Field(examples=[{"type": "track", "event": "Order Completed", "properties": {"order_id": "1"}}])


class SchemaTrial(Trial):
    """A call, and a schema to try on it."""

    json_schema: _JsonSchema = Field(alias="schema")


class ViolationView(BaseModel):
    """What a schema does not allow, and where: a JSON pointer in which any place of a list is `*`."""

    pointer: str
    keyword: str
    message: str

    @classmethod
    def of(cls, violation: Violation) -> ViolationView:
        """The violation as it is shown."""
        return cls(pointer=violation.pointer, keyword=violation.keyword, message=violation.message)


class TrialResult(BaseModel):
    """Whether the call satisfies the schema, and where it does not."""

    valid: bool
    violations: list[ViolationView]
