"""The shape of segment definitions, exact enough for a program to write a valid one. Their size, and what they mean,
`domain.segments` decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from services.profile.api.schemas.conditions import (
    ConditionShape,
    LastPurchaseDefinition,
    PurchasesCounted,
    PurchasesPaid,
    ScoreCompares,
    ScoreEquals,
    ScoreExists,
    ScoreIn,
    TraitCompares,
    TraitContains,
    TraitEquals,
    TraitExists,
    TraitIn,
    TraitRecent,
    TraitTimed,
)
from services.profile.api.schemas.definition_flaws import chosen, refuse_other_fields


class AndDefinition(ConditionShape):
    """Every condition holds. Two bounds of one figure, or two times of one trait, must leave something between them."""

    type: Literal["and"]
    conditions: list[Definition] = Field(min_length=1, max_length=20)


class OrDefinition(ConditionShape):
    """At least one condition holds."""

    type: Literal["or"]
    conditions: list[Definition] = Field(min_length=1, max_length=20)


class NotDefinition(ConditionShape):
    """The condition does not hold."""

    type: Literal["not"]
    condition: Definition


_PLAIN: dict[str, type[ConditionShape]] = {
    "and": AndDefinition,
    "or": OrDefinition,
    "not": NotDefinition,
    "last_purchase": LastPurchaseDefinition,
}
_CHOSEN_BY = {"trait": "operator", "score": "operator", "purchases": "measure"}
_VARIANTS: dict[str, dict[str, type[ConditionShape]]] = {
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
