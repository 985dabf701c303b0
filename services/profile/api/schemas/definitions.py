"""The shape of segment definitions, exact enough for a program to write a valid one. Their size, and what they mean,
`domain.segments` decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from typing_extensions import TypeAliasType

from services.profile.api.schemas.definition_flaws import chosen, refuse_other_fields
from services.profile.domain.segments.conditions import Comparison
from services.profile.domain.segments.reading import DAYS, MAX_DAYS, MOMENT
from services.profile.domain.terms import MAX_TEXT
from services.profile.domain.traits import MAX_KEY
from shared.http.patterns import CURRENCY, STORABLE
from shared.http.schemas import InWords, Schema

_MOST = 10**12
_Number = Annotated[float, Field(strict=True), InWords("a number, written without quotes")]
_Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=STORABLE)]
_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=STORABLE)]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is as whole as 10."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
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


class _Definition(Schema):
    """Texts are compared as they are, so that nothing is trimmed."""

    model_config = ConfigDict(str_strip_whitespace=False)


class AndDefinition(_Definition):
    """Every condition holds. Two bounds of one figure, or two times of one trait, must leave something between them."""

    type: Literal["and"]
    conditions: list[Definition] = Field(min_length=1, max_length=20)


class OrDefinition(_Definition):
    """At least one condition holds."""

    type: Literal["or"]
    conditions: list[Definition] = Field(min_length=1, max_length=20)


class NotDefinition(_Definition):
    """The condition does not hold."""

    type: Literal["not"]
    condition: Definition


class _Trait(_Definition):
    type: Literal["trait"]
    key: str = Field(min_length=1, max_length=MAX_KEY, pattern=STORABLE, examples=["country"])


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
    """A span of time, both ends included; `from` is not later than `to`."""

    from_: _Moment = Field(alias="from")
    to: _Moment


class _Purchases(_Definition):
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


class LastPurchaseDefinition(_Definition):
    """There is a purchase up to `as_of` (or now); the last one is within, and longer ago than, so many days;
    of both the former is the larger."""

    type: Literal["last_purchase"]
    within_days: _Days | None = None
    more_than_days_ago: _Days | None = None
    as_of: _Moment | None = None


class _Score(_Definition):
    """A figure of a model's latest score: `value`, `label`, or a further figure by its name."""

    type: Literal["score"]
    model: _Name = Field(examples=["rfm"])
    field: _Name = "value"


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


_PLAIN: dict[str, type[_Definition]] = {
    "and": AndDefinition,
    "or": OrDefinition,
    "not": NotDefinition,
    "last_purchase": LastPurchaseDefinition,
}
_CHOSEN_BY = {"trait": "operator", "score": "operator", "purchases": "measure"}
_VARIANTS: dict[str, dict[str, type[_Definition]]] = {
    "trait": {
        "equals": TraitEquals,
        "not_equals": TraitEquals,
        "in": TraitIn,
        "exists": TraitExists,
        "contains": TraitContains,
        **dict.fromkeys(("gt", "gte", "lt", "lte"), TraitCompares),
        **dict.fromkeys(("before", "after"), TraitTimed),
        "within_days": TraitRecent,
    },
    "score": {
        "equals": ScoreEquals,
        "not_equals": ScoreEquals,
        "in": ScoreIn,
        "exists": ScoreExists,
        **dict.fromkeys(("gt", "gte", "lt", "lte"), ScoreCompares),
    },
    "purchases": {
        **dict.fromkeys(("orders", "refunds"), PurchasesCounted),
        **dict.fromkeys(("spent", "average_order"), PurchasesPaid),
    },
}


def _variant(value: Any) -> str | None:
    """The name of the definition that `value` says it is: by its type, and its operator or measure."""
    fields = value if isinstance(value, dict) else vars(value) if isinstance(value, BaseModel) else {}
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in _VARIANTS:
        return kind if isinstance(kind, str) else None
    choice = fields.get(_CHOSEN_BY[kind])
    chosen = _VARIANTS[kind].get(choice) if isinstance(choice, str) else None
    return chosen.__name__ if chosen is not None else None


def _without_unknown_parts(value: Any) -> Any:
    """The definition as it is. Raises ValidationError of a type, operator, measure or field that does not exist."""
    if isinstance(value, dict):
        kind = chosen(value, "type", [*_PLAIN, *_VARIANTS])
        variants = _VARIANTS.get(kind)
        model = _PLAIN[kind] if variants is None else variants[chosen(value, _CHOSEN_BY[kind], variants)]
        refuse_other_fields(value, model)
    return value


_AnyDefinition = Annotated[
    Annotated[AndDefinition, Tag("and")]
    | Annotated[OrDefinition, Tag("or")]
    | Annotated[NotDefinition, Tag("not")]
    | Annotated[TraitEquals, Tag("TraitEquals")]
    | Annotated[TraitIn, Tag("TraitIn")]
    | Annotated[TraitExists, Tag("TraitExists")]
    | Annotated[TraitContains, Tag("TraitContains")]
    | Annotated[TraitCompares, Tag("TraitCompares")]
    | Annotated[TraitTimed, Tag("TraitTimed")]
    | Annotated[TraitRecent, Tag("TraitRecent")]
    | Annotated[PurchasesCounted, Tag("PurchasesCounted")]
    | Annotated[PurchasesPaid, Tag("PurchasesPaid")]
    | Annotated[LastPurchaseDefinition, Tag("last_purchase")]
    | Annotated[ScoreEquals, Tag("ScoreEquals")]
    | Annotated[ScoreIn, Tag("ScoreIn")]
    | Annotated[ScoreExists, Tag("ScoreExists")]
    | Annotated[ScoreCompares, Tag("ScoreCompares")],
    Discriminator(
        _variant,
        custom_error_type="unknown_condition",
        custom_error_message="must be a condition: an object with a type",
    ),
    BeforeValidator(_without_unknown_parts),
]

Definition = TypeAliasType("Definition", _AnyDefinition)
"""One condition, of any kind; by this name it stands once in OpenAPI."""

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
