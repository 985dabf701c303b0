"""What events publishes on `touchpoints`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

from shared.contracts.contract import Contract, Time, contract

Kind = Literal["identify", "track", "page", "screen", "group", "alias"]
OrderStatus = Literal["completed", "updated", "refunded", "cancelled"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One product of an order. `unit_price` is an exact decimal in the order's currency."""

    product_id: str | None = None
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a track call says of an order, read once from Segment's e-commerce properties.

    `amount_minor` is the money of this event in the currency's minor units (ISO 4217), never negative: what was
    spent (completed, updated), or what was paid back (refunded, cancelled; None when the event names no amount and so
    means the whole order). `currency` is empty where the event needs and names none.
    """

    order_id: str
    status: OrderStatus
    currency: str
    amount_minor: int | None = None
    lines: tuple[OrderLine, ...] = ()
    coupon: str | None = None


@contract
class TouchpointRecordedV1(Contract, frozen=True, kw_only=True):
    """One contact with a customer, unique by (source_id, message_id).

    `subject` is who it is about before any merge: `user_id:<v>`, or `anonymous_id:<v>` without a user id.
    `traits` are those of identify and group calls only; `occurred_at` is the time at the customer, skew corrected.
    """

    event_type: ClassVar[str] = "rapport.touchpoints.recorded.v1"
    topic: ClassVar[str] = "touchpoints"

    touchpoint_id: str
    message_id: str
    source_id: str
    kind: Kind
    subject: str
    occurred_at: Time
    received_at: Time
    name: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    channel: str | None = None
    is_bot: bool = False
    traits: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    order: Order | None = None
    department: str | None = None
    """Who on our side had the contact: a department, branch or desk."""
    flaws: tuple[str, ...] = ()
    """What was wrong with a touchpoint that was kept all the same, such as an order without a currency."""

    @property
    def bus_key(self) -> str:
        return self.subject
