"""Touchpoints as rows of typed columns.

What has a form of its own (ids, times, money, products) gets a column; what senders choose freely stays JSON text, as
it came, for the functions that every analytical engine has for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from operator import attrgetter
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.contract import Time
from shared.contracts.events import Order, OrderLine

_SCALE = 12
_EXACT = Context(prec=38, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal(1).scaleb(-_SCALE)
_TIME = pa.timestamp("us", tz="UTC")
_NUMBER = pa.decimal128(_EXACT.prec, _SCALE)

PRODUCTS = pa.list_(
    pa.struct(
        [
            ("product_id", pa.string()),
            ("sku", pa.string()),
            ("name", pa.string()),
            ("category", pa.string()),
            ("quantity", _NUMBER),
            ("unit_price", _NUMBER),
        ]
    )
)

SCHEMA = pa.schema(
    [
        pa.field("touchpoint_id", pa.string(), nullable=False),
        pa.field("source_id", pa.string(), nullable=False),
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("occurred_at", _TIME, nullable=False),
        pa.field("received_at", _TIME, nullable=False),
        pa.field("user_id", pa.string()),
        pa.field("anonymous_id", pa.string()),
        pa.field("previous_id", pa.string()),
        pa.field("group_id", pa.string()),
        pa.field("is_bot", pa.bool_(), nullable=False),
        pa.field("order_id", pa.string()),
        pa.field("order_status", pa.string()),
        pa.field("order_currency", pa.string()),
        pa.field("order_amount_minor", pa.int64()),
        pa.field("order_coupon", pa.string()),
        pa.field("products", PRODUCTS),
        pa.field("traits", pa.string()),
        pa.field("properties", pa.string()),
        pa.field("context", pa.string()),
        pa.field("flaws", pa.list_(pa.string())),
    ]
)
"""The columns of every file; one that is added later is null in older files."""

REPEATING = ["source_id", "kind", "name", "channel", "order_status", "order_currency"]
"""Columns with few different values."""


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A TouchpointRecordedV1 whose free parts are not read."""

    touchpoint_id: str
    message_id: str
    source_id: str
    kind: str
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
    traits: msgspec.Raw = msgspec.Raw()
    properties: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()
    order: Order | None = None
    flaws: tuple[str, ...] = ()


class Told(msgspec.Struct, gc=False):
    """An event that tells of a touchpoint, in the JSON batch format of CloudEvents."""

    specversion: Literal["1.0"]
    type: Literal["rapport.touchpoints.recorded.v1"]
    data: Touchpoint


decode: Callable[[bytes], Touchpoint] = msgspec.json.Decoder(Touchpoint).decode
"""Reads one touchpoint. Raises msgspec.MsgspecError."""
decode_batch: Callable[[bytes], list[Told]] = msgspec.json.Decoder(list[Told]).decode
"""Reads a record that has nothing but touchpoints in it. Raises msgspec.MsgspecError, or UnicodeDecodeError."""

_PLAIN = [name for name in SCHEMA.names if name in Touchpoint.__struct_fields__ and name not in {"flaws"}]
_FREE = ("traits", "properties", "context")


def table_of(touchpoints: Sequence[Touchpoint]) -> pa.Table:
    """The touchpoints, a row each, in their order."""
    columns: dict[str, Iterable[Any]] = {name: list(map(attrgetter(name), touchpoints)) for name in _PLAIN}
    columns |= {name: [bytes(raw) or None for raw in columns[name]] for name in _FREE}
    orders = [one.order for one in touchpoints]
    columns |= {
        "order_id": [order and order.order_id for order in orders],
        "order_status": [order and order.status for order in orders],
        "order_currency": [order and order.currency for order in orders],
        "order_amount_minor": [order and order.amount_minor for order in orders],
        "order_coupon": [order and order.coupon for order in orders],
        "products": [order and list(map(_product, order.lines)) for order in orders],
        "flaws": [one.flaws or None for one in touchpoints],
    }
    return pa.Table.from_arrays([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def without(table: pa.Table, subjects: Collection[str], *, until: datetime) -> pa.Table:
    """The rows but for those of `subjects` that were received at or before `until`."""
    theirs = pc.is_in(table["subject"], pa.array(sorted(subjects), pa.string()))
    early = pc.less_equal(table["received_at"], pa.scalar(until, _TIME))
    return table.filter(pc.invert(pc.and_(theirs, early)))


def _product(line: OrderLine) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "name": line.name,
        "category": line.category,
        "quantity": _number(line.quantity),
        "unit_price": None if line.unit_price is None else _number(line.unit_price),
    }


def _number(value: Decimal) -> Decimal | None:
    """With twelve places; None for what is too large to be a number of things or money: `properties` has it all."""
    try:
        return value.quantize(_PLACES, context=_EXACT)
    except InvalidOperation:
        return None
