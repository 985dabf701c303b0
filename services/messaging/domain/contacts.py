"""What messaging keeps of a customer: enough to address, to tailor and to time a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from services.messaging.domain.deliveries import SkipReason
from services.messaging.domain.names import PersonName, person_of


@dataclass(frozen=True, slots=True)
class LastPurchase:
    """The customer's most recent order; `amount_minor` in minor units of `currency`."""

    at: datetime
    order_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """A customer as the bus last told of them; a higher `version` replaces a lower one.

    `address_malformed` says that they have e-mails, none of which is an address.
    """

    profile_id: str
    version: int = 0
    address: str | None = None
    address_malformed: bool = False
    language: str | None = None
    timezone: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    last_purchase: LastPurchase | None = None

    @property
    def unreachable(self) -> SkipReason | None:
        """Why there is no address to write to; None where there is one."""
        if self.address is not None:
            return None
        return SkipReason.MALFORMED_ADDRESS if self.address_malformed else SkipReason.NO_ADDRESS

    @cached_property
    def person(self) -> PersonName:
        """Whom the traits name."""
        return person_of(self.traits)


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a profile is in a segment; a higher `sequence` replaces a lower one."""

    segment_id: str
    profile_id: str
    sequence: int
    member: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """`merged` turned out to be `survivor`, for good."""

    merged: str
    survivor: str
