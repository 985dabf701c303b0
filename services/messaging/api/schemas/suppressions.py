"""Addresses that get no marketing, as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.messaging.api.schemas.texts import Address
from services.messaging.domain.unsubscribing import Owner, SuppressedBy, Suppression
from shared.http.schemas import Schema

MOST_ADDRESSES = 10_000
REFUSAL_ID = "5f2c1d7a9b0e4c3f8a6d2b1e7c9f0a34"


class RefusedAddresses(Schema):
    """Addresses that refused marketing elsewhere (another system's list, a call, a letter, a complaint), or bounced."""

    addresses: list[Address] = Field(min_length=1, max_length=MOST_ADDRESSES)
    by: Literal["operator", "mail-server"] = Field(
        "operator",
        description="`operator`: their owners refused. `mail-server`: a mail provider said that they have no mailbox",
    )


class Refused(BaseModel):
    """How many addresses get no marketing since this request, and how many got none before it; each counts once."""

    added: int
    known: int


class SuppressionView(BaseModel):
    """Why an address gets no marketing. It is kept under a keyed hash of the address."""

    since: datetime
    by: SuppressedBy = Field(description="the customer clicked, it was put down here, or the address has no mailbox")
    message_id: str | None = Field(None, description="the message whose link was clicked, or that was refused")


def suppression_view(found: Suppression) -> SuppressionView:
    """A suppression as it is shown."""
    return SuppressionView(since=found.since, by=found.by, message_id=found.message_id)


class ListedSuppression(SuppressionView):
    """A suppression in the list, with whose it is."""

    id: str = Field(description="stands for the address; says nothing of it", examples=[REFUSAL_ID])
    channel: Literal["email"] = "email"
    address: str | None = Field(None, description="null where no customer who is known here has the address")
    profile_ids: list[str] = Field(description="the customers who have the address now")


def listed_suppression(found: tuple[Suppression, Sequence[Owner]]) -> ListedSuppression:
    """A suppression and whose it is as they are listed."""
    suppression, owners = found
    return ListedSuppression(
        **suppression_view(suppression).model_dump(),
        id=suppression.address_hash,
        address=owners[0].address if owners else None,
        profile_ids=[owner.profile_id for owner in owners],
    )
