"""Touchpoints over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from fastapi import Response
from pydantic import BaseModel, Field

from services.events.domain.kinds import Kind
from shared.contracts.contract import without_trace


class OrderLineView(BaseModel):
    """One product of an order; numbers are decimal texts."""

    product_id: str | None = None
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: str = "1"
    unit_price: str | None = None


class OrderView(BaseModel):
    """What a touchpoint says of an order; `amount_minor` in the smallest unit of `currency`."""

    order_id: str
    status: Literal["completed", "updated", "refunded", "cancelled"]
    currency: str
    amount_minor: int | None = None
    lines: list[OrderLineView] = []
    coupon: str | None = None


class TouchpointView(BaseModel):
    """One contact with a customer."""

    touchpoint_id: str
    message_id: str
    source_id: str
    kind: Kind
    subject: str = Field(examples=["user_id:17850"])
    occurred_at: datetime
    received_at: datetime
    name: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    channel: str | None = None
    department: str | None = Field(None, description="who on our side had the contact", examples=["service desk"])
    is_bot: bool = False
    traits: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    order: OrderView | None = None
    flaws: list[str] = []


def single(stored: bytes) -> Response:
    """A stored touchpoint as the answer: its document is the view's JSON already, but for the trace."""
    return Response(without_trace(stored), media_type="application/json")


def page(stored: Sequence[bytes], next_cursor: str | None) -> Response:
    """A page of stored touchpoints, put together without reading them."""
    body = {"data": [msgspec.Raw(without_trace(one)) for one in stored], "next_cursor": next_cursor}
    return Response(msgspec.json.encode(body), media_type="application/json")
