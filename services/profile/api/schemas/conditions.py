"""The shapes of single conditions in segment definitions; what they mean, `domain.segments` decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from services.profile.domain.segments.conditions import Comparison
from services.profile.domain.segments.reading import DAYS, MAX_DAYS, MOMENT
from services.profile.domain.terms import MAX_TEXT
from services.profile.domain.traits import MAX_KEY
from shared.http.patterns import CURRENCY, STORABLE
from shared.http.schemas import InWords, Schema, Whole

_MOST = 10**12
_Number = Annotated[float, Field(strict=True), InWords("a number, written without quotes")]
_Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=STORABLE)]
_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=STORABLE)]
_Scalar = Annotated[
    Annotated[bool, Field(strict=True)] | Annotated[float, Field(strict=True)] | _Text,
    InWords(f"one value: a text of at most {MAX_TEXT} characters, a number, true or false"),
]
_Scalars = Annotated[list[_Scalar], Field(min_length=1, max_length=1000)]
_Days = Annotated[float, Field(strict=True, ge=0, le=MAX_DAYS), InWords(DAYS)]
_Figure = Annotated[
    Whole,
    Field(ge=-_MOST, le=_MOST),
    WithJsonSchema({"type": "integer", "minimum": -_MOST, "maximum": _MOST}),
    InWords("a whole number; money is in minor units of its currency"),
]
_FROM_YEAR_1000 = {"type": "string", "pattern": "^[1-9]"}
_Moment = Annotated[
    str,
    Field(max_length=40),
    WithJsonSchema({"anyOf": [{**_FROM_YEAR_1000, "format": form} for form in ("date", "date-time")]}),
    InWords(MOMENT),
]
"""An ISO 8601 date or time from the year 1000 on; as the end of a span a date includes that day."""


class ConditionShape(Schema):
    """Texts are compared as they are, so that nothing is trimmed."""

    model_config = ConfigDict(str_strip_whitespace=False)


class _Trait(ConditionShape):
    type: Literal["trait"]
    key: str = Field(min_length=1, max_length=MAX_KEY, pattern=STORABLE, examples=["country"])


class TraitEquals(_Trait):
    """The trait is the value; a missing trait satisfies `not_equals`."""

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
    """The trait is a date or time within the past `value` days."""

    operator: Literal["within_days"]
    value: _Days


class Between(ConditionShape):
    """A span of time, both ends included; `from` is not later than `to`."""

    from_: _Moment = Field(alias="from")
    to: _Moment


class _Purchases(ConditionShape):
    """Orders `between` two times, up to `as_of`, in the last `within_days` before that or now: all that is given bounds
    which orders count, and must overlap."""

    type: Literal["purchases"]
    operator: Comparison
    value: _Figure
    within_days: _Days | None = None
    between: Between | None = None
    as_of: _Moment | None = None


class PurchasesCounted(_Purchases):
    """How many orders, or refunds, which is never below 0; in one currency or all."""

    measure: Literal["orders", "refunds"]
    currency: str | None = Field(None, pattern=CURRENCY)


class PurchasesPaid(_Purchases):
    """Net money in minor units of one currency: all of it, or per order."""

    measure: Literal["spent", "average_order"]
    currency: str = Field(pattern=CURRENCY, examples=["TWD"])


class LastPurchaseDefinition(ConditionShape):
    """The last purchase up to `as_of` (or now) is at most `within_days` and more than `more_than_days_ago` days old;
    of the two, `within_days` must be the larger."""

    type: Literal["last_purchase"]
    within_days: _Days | None = None
    more_than_days_ago: _Days | None = None
    as_of: _Moment | None = None


class _Score(ConditionShape):
    """A figure of a model's latest score: `value`, `label`, or a further figure by its name."""

    type: Literal["score"]
    model: _Name = Field(examples=["rfm"])
    field: _Name = "value"


class ScoreEquals(_Score):
    """The figure is the value; a customer without a score satisfies `not_equals`."""

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
