"""Profiles as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.profile.adapters.sql.profile_reading import WholeProfile
from services.profile.domain.traits import MAX_KEY
from shared.http.schemas import Schema


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class IdentifierView(_View):
    """One name of a customer."""

    kind: str = Field(examples=["email"])
    value: str = Field(examples=["jane@example.com"])


class TraitView(_View):
    """One statement: who said it (`source_id`, `touchpoint_id`), when it was true, when it arrived."""

    key: str = Field(examples=["city"])
    value: JsonValue = Field(examples=["Taipei"])
    source_id: str
    touchpoint_id: str
    observed_at: datetime
    recorded_at: datetime


class PurchasesView(_View):
    """What was bought; money per ISO 4217 currency in minor units, net of refunds."""

    orders: int
    refunds: int
    spent_minor: dict[str, int] = Field(examples=[{"TWD": 125000}])
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_order_id: str | None
    last_order_amount_minor: int | None
    last_order_currency: str | None
    last_order_products: list[str]


class ProfileView(_View):
    """A customer. `merged_from` are ids that this profile absorbed; they find it still."""

    id: str
    version: int
    identified: bool
    created_at: datetime
    changed_at: datetime
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    identifiers: list[IdentifierView]
    traits: list[TraitView]
    purchases: PurchasesView
    merged_from: list[str]


class BelongingView(_View):
    """A segment that the profile is in."""

    segment_id: str
    name: str
    since: datetime


TraitKey = Annotated[str, Field(min_length=1, max_length=MAX_KEY)]


class TraitChanges(Schema):
    """Traits to set; null removes one. Those not named stay. As in what sources send, values are not trimmed."""

    model_config = ConfigDict(str_strip_whitespace=False)

    traits: dict[TraitKey, JsonValue] = Field(
        min_length=1, max_length=100, examples=[{"city": "Taipei", "birthday": "1990-05-17", "nickname": None}]
    )


def profile_view(whole: WholeProfile) -> ProfileView:
    """The profile as it is shown."""
    profile = whole.profile
    return ProfileView(
        id=profile.profile_id,
        version=profile.version,
        identified=profile.identified,
        created_at=profile.created_at,
        changed_at=profile.changed_at,
        first_seen_at=profile.first_seen_at,
        last_seen_at=profile.last_seen_at,
        identifiers=[IdentifierView.model_validate(name) for name in whole.names],
        traits=[TraitView.model_validate(trait) for trait in whole.traits],
        purchases=PurchasesView.model_validate(profile.purchases),
        merged_from=list(whole.merged_from),
    )
