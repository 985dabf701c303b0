"""The shape of segment definitions, exact enough for a program to write a valid one. Their size, and what they mean,
`domain.segments` decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from services.profile.domain.segments.conditions import Comparison
from services.profile.domain.segments.reading import MAX_DAYS
from services.profile.domain.terms import MAX_TEXT
from services.profile.domain.traits import MAX_KEY
from shared.http.schemas import Schema

_MOST = 10**12
_Number = Annotated[float, Field(strict=True)]
_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Scalar = Annotated[bool, Field(strict=True)] | _Number | _Text
_Scalars = Annotated[list[_Scalar], Field(min_length=1, max_length=1000)]
_Days = Annotated[float, Field(strict=True, ge=0, le=MAX_DAYS)]
_Moment = Annotated[
    str,
    Field(max_length=40),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]
"""An ISO 8601 date or time; as the end of a span a date includes that day."""


class _Definition(Schema):
    """Texts are compared as they are, so that nothing is trimmed."""

    model_config = ConfigDict(str_strip_whitespace=False)


class AndDefinition(_Definition):
    """Every condition holds."""

    type: Literal["and"]
    conditions: list[Definition] = Field(min_length=1, max_length=50)


class OrDefinition(_Definition):
    """At least one condition holds."""

    type: Literal["or"]
    conditions: list[Definition] = Field(min_length=1, max_length=50)


class NotDefinition(_Definition):
    """The condition does not hold."""

    type: Literal["not"]
    condition: Definition


class _Trait(_Definition):
    type: Literal["trait"]
    key: str = Field(min_length=1, max_length=MAX_KEY, examples=["country"])


class TraitEquals(_Trait):
    """The trait is the value; a missing trait is no value, so that `not_equals` holds of it."""

    operator: Literal["equals", "not_equals"]
    value: _Scalar


class TraitIn(_Trait):
    """The trait is one of the values."""

    operator: Literal["in"]
    value: _Scalars


class TraitExists(_Trait):
    """The trait is known, whatever it is."""

    operator: Literal["exists"]


class TraitContains(_Trait):
    """The trait is a list with the value in it, or a text with the text in it."""

    operator: Literal["contains"]
    value: _Scalar


class TraitCompares(_Trait):
    """The trait is a number that compares so."""

    operator: Literal["gt", "gte", "lt", "lte"]
    value: _Number


class TraitTimed(_Trait):
    """The trait is a date or time before or after another."""

    operator: Literal["before", "after"]
    value: _Moment


class TraitRecent(_Trait):
    """The trait is a date or time in the past so many days."""

    operator: Literal["within_days"]
    value: _Days


class Between(_Definition):
    """A span of time, both ends included."""

    from_: _Moment = Field(alias="from")
    to: _Moment


class _Purchases(_Definition):
    """Orders `between` two times, up to `as_of`, in the last `within_days` before that or now: all that is given bounds
    which orders count."""

    type: Literal["purchases"]
    operator: Comparison
    value: int = Field(strict=True, ge=-_MOST, le=_MOST)
    within_days: _Days | None = None
    between: Between | None = None
    as_of: _Moment | None = None


class PurchasesCounted(_Purchases):
    """How many orders, or refunds; in one currency or all."""

    measure: Literal["orders", "refunds"]
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")


class PurchasesPaid(_Purchases):
    """Net money in minor units of one currency: all of it, or per order."""

    measure: Literal["spent", "average_order"]
    currency: str = Field(pattern="^[A-Z]{3}$", examples=["TWD"])


class LastPurchaseDefinition(_Definition):
    """There is a purchase up to `as_of` (or now); the last one is within, and longer ago than, so many days."""

    type: Literal["last_purchase"]
    within_days: _Days | None = None
    more_than_days_ago: _Days | None = None
    as_of: _Moment | None = None


class _Score(_Definition):
    """A figure of a model's latest score: `value`, `label`, or a further figure by its name."""

    type: Literal["score"]
    model: str = Field(min_length=1, max_length=100, examples=["rfm"])
    field: str = Field("value", min_length=1, max_length=100)


class ScoreEquals(_Score):
    """The figure is the value; `not_equals` holds without a score, too."""

    operator: Literal["equals", "not_equals"]
    value: _Scalar


class ScoreIn(_Score):
    """The figure is one of the values."""

    operator: Literal["in"]
    value: _Scalars


class ScoreExists(_Score):
    """There is such a figure."""

    operator: Literal["exists"]


class ScoreCompares(_Score):
    """The figure is a number that compares so."""

    operator: Literal["gt", "gte", "lt", "lte"]
    value: _Number


TraitDefinition = Annotated[
    TraitEquals | TraitIn | TraitExists | TraitContains | TraitCompares | TraitTimed | TraitRecent,
    Field(discriminator="operator"),
]
PurchasesDefinition = Annotated[PurchasesCounted | PurchasesPaid, Field(discriminator="measure")]
ScoreDefinition = Annotated[ScoreEquals | ScoreIn | ScoreExists | ScoreCompares, Field(discriminator="operator")]
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
