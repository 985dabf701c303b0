"""The shape of segment definitions. What they mean, and their size, `domain.segments` decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.profile.domain.segments.conditions import Comparison, Measure, ScoreOperator, TraitOperator
from services.profile.domain.segments.reading import MAX_DAYS
from services.profile.domain.terms import MAX_TEXT
from services.profile.domain.traits import MAX_KEY
from shared.http.schemas import Schema

_MOST = 10**12
_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Scalar = bool | float | _Text
_Days = Annotated[float, Field(ge=0, le=MAX_DAYS)]
_Moment = Annotated[str, Field(min_length=10, max_length=40, examples=["2011-12-09"])]
_Operand = _Scalar | Annotated[list[_Scalar], Field(min_length=1, max_length=1000)]


class AndDefinition(Schema):
    """Every condition holds."""

    type: Literal["and"]
    conditions: list[Definition] = Field(min_length=1, max_length=50)


class OrDefinition(Schema):
    """At least one condition holds."""

    type: Literal["or"]
    conditions: list[Definition] = Field(min_length=1, max_length=50)


class NotDefinition(Schema):
    """The condition does not hold."""

    type: Literal["not"]
    condition: Definition


class TraitDefinition(Schema):
    """A trait compared. `exists` takes no value, `in` a list, `before` and `after` a date or time, `within_days`
    the number of past days; a missing trait satisfies `not_equals` only."""

    type: Literal["trait"]
    key: str = Field(min_length=1, max_length=MAX_KEY)
    operator: TraitOperator
    value: _Operand | None = None


class Between(Schema):
    """A span of time, both ends included; a date as `to` includes that day."""

    from_: _Moment = Field(alias="from")
    to: _Moment


class PurchasesDefinition(Schema):
    """Orders compared: how many, how many refunds, or money in minor units of `currency`; in the last `within_days`
    up to `as_of` (now without one), `between` two times, or ever."""

    type: Literal["purchases"]
    measure: Measure
    operator: Comparison
    value: int = Field(ge=-_MOST, le=_MOST)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    within_days: _Days | None = None
    between: Between | None = None
    as_of: _Moment | None = None


class LastPurchaseDefinition(Schema):
    """The last purchase up to `as_of` (now without one) is within, or longer ago than, so many days."""

    type: Literal["last_purchase"]
    within_days: _Days | None = None
    more_than_days_ago: _Days | None = None
    as_of: _Moment | None = None


class ScoreDefinition(Schema):
    """A figure of a model's latest score compared: `value`, `label`, or a further figure by its name."""

    type: Literal["score"]
    model: str = Field(min_length=1, max_length=100)
    field: str = Field("value", min_length=1, max_length=100)
    operator: ScoreOperator
    value: _Operand | None = None


Definition = Annotated[
    AndDefinition
    | OrDefinition
    | NotDefinition
    | TraitDefinition
    | PurchasesDefinition
    | LastPurchaseDefinition
    | ScoreDefinition,
    Field(discriminator="type"),
]

for _recursive in (AndDefinition, OrDefinition, NotDefinition):
    _recursive.model_rebuild()

EXAMPLE: dict[str, Any] = {
    "type": "and",
    "conditions": [
        {"type": "trait", "key": "country", "operator": "equals", "value": "TW"},
        {"type": "purchases", "measure": "spent", "operator": "gte", "value": 100000, "currency": "TWD"},
        {"type": "last_purchase", "more_than_days_ago": 90},
    ],
}
"""Customers from Taiwan who spent at least 1,000 dollars, but nothing for three months."""
