"""Orders from any number of events in any order of arrival, and what they add up to.

One order is what all events with its id say together. Records combine like sets (commutative, associative, idempotent),
so that duplicates, late events and merged profiles need no case of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

Status = Literal["placed", "cancelled", "unplaced"]


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """What one event says was ordered; the latest `at` (then touchpoint id) holds."""

    at: datetime
    touchpoint_id: str
    currency: str
    amount_minor: int
    products: tuple[str, ...] = ()
    """Names, dearest line first, at most five."""


_Comparable = TypeVar("_Comparable", datetime, Placement)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money paid back by one event; `amount_minor` None is the whole order."""

    at: datetime
    currency: str
    amount_minor: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What an order adds to the customer's account in one currency: net money in minor units, and how many refunds."""

    currency: str
    net_minor: int
    refunds: int


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """All that is known of one order; `refunds` by the touchpoint that told them.

    A refund or a cancellation may be known before the order is (`unplaced`). Refunds of a placed order take at most
    its amount and only in its currency, for currencies are never added; those of an unknown order count against the
    customer's spending, each in its own currency; a cancellation of an unknown order against nothing.
    """

    order_id: str
    ordered_at: datetime | None = None
    placement: Placement | None = None
    cancelled_at: datetime | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)
    currency_hint: str = ""

    def combine(self, other: OrderRecord) -> OrderRecord:
        """What both say together."""
        return OrderRecord(
            order_id=self.order_id,
            ordered_at=_least(self.ordered_at, other.ordered_at),
            placement=_most(self.placement, other.placement),
            cancelled_at=_most(self.cancelled_at, other.cancelled_at),
            refunds={**self.refunds, **other.refunds},
            currency_hint=max(self.currency_hint, other.currency_hint),
        )

    @property
    def status(self) -> Status:
        """Cancelled for as long as no later event places it anew."""
        if self.placement is None:
            return "unplaced"
        cancelled = self.cancelled_at is not None and self.cancelled_at >= self.placement.at
        return "cancelled" if cancelled else "placed"

    @property
    def counts(self) -> bool:
        """Whether this is a purchase: placed, and for money."""
        return self.status == "placed" and self.amount_minor > 0

    @property
    def occurred_at(self) -> datetime:
        """When it was ordered, or else when it was first heard of. Raises ValueError on an empty record."""
        if self.ordered_at is not None:
            return self.ordered_at
        known = [refund.at for refund in self.refunds.values()]
        return min(known if self.cancelled_at is None else [*known, self.cancelled_at])

    @property
    def currency(self) -> str:
        """Of the placement, or else of the earliest refund."""
        if self.placement is not None:
            return self.placement.currency
        earliest = min(((refund.at, refund.currency) for refund in self.refunds.values()), default=None)
        return earliest[1] if earliest is not None else self.currency_hint

    @property
    def amount_minor(self) -> int:
        """What was ordered, in minor units; 0 when that is not known."""
        return self.placement.amount_minor if self.placement is not None else 0

    @property
    def refunded_minor(self) -> int:
        """What was paid back of a known order, in minor units of its currency."""
        if any(refund.amount_minor is None for refund in self.refunds.values()):
            return self.amount_minor
        paid_back = (refund for refund in self.refunds.values() if refund.currency == self.currency)
        return min(self.amount_minor, sum(refund.amount_minor or 0 for refund in paid_back))

    @property
    def net_minor(self) -> int:
        """What a known order adds to the customer's spending in its currency."""
        return 0 if self.status == "cancelled" else self.amount_minor - self.refunded_minor

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What it comes to: one entry, or one for each refund of an unknown order."""
        if self.placement is not None:
            return (Entry(self.currency, self.net_minor, len(self.refunds)),)
        return tuple(Entry(refund.currency, -(refund.amount_minor or 0), 1) for refund in self.refunds.values())


@dataclass(frozen=True, slots=True)
class Purchases:
    """What a profile bought; money per currency in minor units, net of refunds."""

    orders: int = 0
    refunds: int = 0
    spent_minor: Mapping[str, int] = field(default_factory=dict)
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    last_order_id: str | None = None
    last_order_amount_minor: int | None = None
    last_order_currency: str | None = None
    last_order_products: tuple[str, ...] = ()


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _most(one: _Comparable | None, other: _Comparable | None) -> _Comparable | None:
    return max((each for each in (one, other) if each is not None), default=None)
