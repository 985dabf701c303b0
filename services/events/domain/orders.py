"""Orders as track calls tell them (Segment's e-commerce events: Order Completed, Updated, Refunded, Cancelled)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from services.events.domain.money import minor_units, read_currency, read_number
from services.events.domain.subjects import MAX_ID_LENGTH

OrderStatus = Literal["completed", "updated", "refunded", "cancelled"]

NO_ID = "order-without-id"
NO_CURRENCY = "order-without-currency"
BAD_CURRENCY = "order-currency-unknown"
NO_AMOUNT = "order-without-amount"
BAD_AMOUNT = "order-amount-unreadable"
NEGATIVE = "order-amount-negative"
BAD_PRODUCTS = "order-products-unreadable"

_STATUS: dict[str, OrderStatus] = {
    "order completed": "completed",
    "completed order": "completed",
    "order updated": "updated",
    "updated order": "updated",
    "order refunded": "refunded",
    "refunded order": "refunded",
    "order cancelled": "cancelled",
    "order canceled": "cancelled",
    "cancelled order": "cancelled",
}
_PAID_BACK = frozenset({"refunded", "cancelled"})
_AMOUNTS = ("revenue", "total")
_MOST_MINOR = 10**15
"""Ten trillion dollars in cents: what is more is no price, and thousands of less still add up within 64 bits."""


class OrderLine(NamedTuple):
    """One product of an order; `unit_price` in the order's currency."""

    product_id: str | None
    sku: str | None
    name: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Order:
    """What one call says of an order.

    `amount_minor` is what was spent (completed, updated) or paid back (refunded, cancelled), never negative; None when
    the call names no amount, which for money paid back means the whole order; a refund that cannot be read is of 0.
    `currency` is empty of a whole order that is given back without naming it.
    """

    order_id: str
    status: OrderStatus
    currency: str
    amount_minor: int | None
    lines: tuple[OrderLine, ...]
    coupon: str | None


@lru_cache(maxsize=1_024)  # sources use few names
def order_status(event: str | None) -> OrderStatus | None:
    """The status that an event of this name gives an order; None for events that are about none."""
    return _STATUS.get(event.strip().replace("_", " ").casefold()) if event else None


def read_order(
    status: OrderStatus, properties: Mapping[str, object], *, fallback_id: str, default_currency: str | None = None
) -> tuple[Order | None, tuple[str, ...]]:
    """The order in `properties` and what was wrong with it; no order where no currency is known but one is needed.

    To give a whole order back it is not: its own event names the money. The amount is `revenue`, else `total`, else
    what the products cost. An order without an id is known by `fallback_id`, so that the purchase still counts.
    """
    flaws: list[str] = []
    currency = _currency(properties, default_currency, flaws)
    lines = _lines(properties.get("products"), flaws)
    amount = _amount(properties, lines, flaws)
    if currency is None:
        if not _is_whole(status, amount, flaws):
            return None, tuple(flaws)
        currency, amount = "", None
        flaws = [flaw for flaw in flaws if flaw != NO_CURRENCY]
    order_id = _text(properties.get("order_id")) or _text(properties.get("orderId"))
    if order_id is None or len(order_id) > MAX_ID_LENGTH:
        flaws.append(NO_ID)
        order_id = fallback_id
    order = Order(
        order_id=order_id,
        status=status,
        currency=currency,
        amount_minor=_amount_minor(amount, currency, status=status, flaws=flaws),
        lines=lines,
        coupon=_text(properties.get("coupon")),
    )
    return order, tuple(flaws)


def _is_whole(status: OrderStatus, amount: Decimal | None, flaws: list[str]) -> bool:
    """Whether the whole order is given back, whatever it was of."""
    return status == "cancelled" or (status == "refunded" and amount is None and BAD_AMOUNT not in flaws)


def _currency(properties: Mapping[str, object], default: str | None, flaws: list[str]) -> str | None:
    stated = properties.get("currency")
    if stated is None or stated == "":
        if default is None:
            flaws.append(NO_CURRENCY)
        return default
    currency = read_currency(stated)
    if currency is None:
        flaws.append(BAD_CURRENCY)
    return currency


def _amount(properties: Mapping[str, object], lines: tuple[OrderLine, ...], flaws: list[str]) -> Decimal | None:
    for name in _AMOUNTS:
        stated = properties.get(name)
        if stated is None or stated == "":
            continue
        if (amount := read_number(stated)) is not None:
            return amount
        flaws.append(BAD_AMOUNT)
    priced = [line.unit_price * line.quantity for line in lines if line.unit_price is not None]
    return sum(priced, Decimal(0)) if priced else None


def _amount_minor(amount: Decimal | None, currency: str, *, status: OrderStatus, flaws: list[str]) -> int | None:
    unreadable = 0 if status == "refunded" else None  # none would be the whole order, which nobody said
    if amount is None:
        if status not in _PAID_BACK:
            flaws.append(NO_AMOUNT)
        return unreadable if BAD_AMOUNT in flaws else None
    if read_number(amount) is None:  # products that each look sane may cost too much together
        flaws.append(BAD_AMOUNT)
        return unreadable
    if amount < 0 and status not in _PAID_BACK:
        flaws.append(NEGATIVE)
        return 0
    minor = minor_units(abs(amount), currency)
    if minor > _MOST_MINOR:
        flaws.append(BAD_AMOUNT)
        return unreadable
    return minor


def _lines(products: object, flaws: list[str]) -> tuple[OrderLine, ...]:
    if products is None:
        return ()
    listed: Iterable[object] = products if isinstance(products, list | tuple) else [products]
    lines = [_line(product, flaws) for product in listed if isinstance(product, Mapping)]
    if not lines and products:
        flaws.append(BAD_PRODUCTS)
    return tuple(lines)


def _line(product: Mapping[str, object], flaws: list[str]) -> OrderLine:
    get = product.get
    quantity = _number(get("quantity"), flaws)
    price = get("price")
    return OrderLine(
        _text(get("product_id")) or _text(get("productId")),
        _text(get("sku")),
        _text(get("name")),
        _text(get("category")),
        Decimal(1) if quantity is None else quantity,
        _number(get("unit_price") if price is None else price, flaws),
    )


def _number(value: object, flaws: list[str]) -> Decimal | None:
    if value is None or value == "":
        return None
    number = read_number(value)
    if number is None and BAD_PRODUCTS not in flaws:
        flaws.append(BAD_PRODUCTS)
    return number


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
