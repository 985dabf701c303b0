"""Retention over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, WithJsonSchema, field_validator
from pydantic.config import JsonDict

from services.events.domain.kinds import NAMELESS, Kind
from services.events.domain.retention.policy import LONGEST_DAYS, RetentionPolicy, Scope, Term
from services.events.use_cases.retention.ports import RetentionRule
from shared.http.patterns import ID, NOT_BLANK
from shared.http.schemas import Schema, Whole

RetentionRuleId = Annotated[str, Path(max_length=36, pattern=ID, description="a retention rule's id")]
MAX_TERMS = 200

_Days = Annotated[
    Whole,
    Field(ge=1, le=LONGEST_DAYS),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LONGEST_DAYS}),  # pydantic loses these beside null
]
_EXAMPLES: list[JsonValue] = [
    {"kind": "page", "days": 90},
    {"kind": "track", "name": "Order Completed", "days": None},
    {"channel": "call-centre", "days": 730},
    {"days": 1095},
]

_NAMES_ARE_OF: JsonDict = {
    "not": {
        "required": ["kind", "name"],
        "properties": {"kind": {"enum": [*NAMELESS]}, "name": {"type": "string"}},
    }
}


class RuleChange(Schema):
    """For how long to keep touchpoints. `days` are counted from when a touchpoint happened; null keeps it for ever."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 365}]})

    days: _Days | None


class TermBody(RuleChange):
    """Which touchpoints to keep, and for how long. A part left out matches any; with none it is the default rule."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLES, **_NAMES_ARE_OF})

    kind: Kind | None = None
    name: str | None = Field(None, min_length=1, max_length=500, pattern=NOT_BLANK)
    channel: str | None = Field(None, min_length=1, max_length=50, pattern=NOT_BLANK)

    @field_validator("name")
    @classmethod
    def _is_of_a_kind_that_has_names(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if value is not None and kind in NAMELESS:
            raise ValueError(
                f"no {kind} has a name, so that the rule would be of nothing; leave the name or the kind out"
            )
        return value

    @property
    def term(self) -> Term:
        """The term as the domain knows it; channels are kept in one spelling of capitals."""
        channel = None if self.channel is None else self.channel.casefold()[:50]
        return Term(Scope(kind=self.kind, name=self.name, channel=channel), self.days)


class RetentionRuleView(BaseModel):
    """A retention rule; its `ETag` begins with `version`."""

    id: str
    kind: Kind | None
    name: str | None
    channel: str | None
    days: int | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, rule: RetentionRule) -> RetentionRuleView:
        """The rule as it is shown."""
        scope = rule.term.scope
        return cls(
            id=rule.id,
            kind=scope.kind,
            name=scope.name,
            channel=scope.channel,
            days=rule.term.days,
            version=rule.version,
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )


class PreviewBody(Schema):
    """Rules to try; null tries those that are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rules": _EXAMPLES}, {}]})

    rules: list[TermBody] | None = Field(None, max_length=MAX_TERMS)

    @property
    def policy(self) -> RetentionPolicy | None:
        """What the rules say together."""
        return None if self.rules is None else RetentionPolicy(each.term for each in self.rules)


class DueView(BaseModel):
    """How many touchpoints one rule would remove now."""

    kind: Kind | None
    name: str | None
    channel: str | None
    days: int | None
    due: int


class PreviewView(BaseModel):
    """What would be removed now: in all, and by each rule, the most specific first."""

    due: int
    rules: list[DueView]

    @classmethod
    def of(cls, policy: RetentionPolicy, counts: Sequence[int]) -> PreviewView:
        """The counts as they are shown."""
        rules = [
            DueView(kind=t.scope.kind, name=t.scope.name, channel=t.scope.channel, days=t.days, due=count)
            for t, count in zip(policy.terms, counts, strict=True)
        ]
        return cls(due=sum(counts), rules=rules)
