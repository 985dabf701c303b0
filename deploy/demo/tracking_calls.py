"""Invoices and customers as calls of the Segment HTTP Tracking API, with Segment's e-commerce events.

A call's messageId says what it is about, so that whatever is sent twice counts once.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from deploy.demo.invoices import Invoice, Kind
from deploy.demo.people import Person

Call = dict[str, Any]

STOCKROOM, LEDGER = "stockroom", "ledger"
EVENTS = {
    Kind.PURCHASE: "Order Completed",
    Kind.REFUND: "Order Refunded",
    Kind.STOCK_ADJUSTMENT: "Stock Adjusted",
    Kind.DEBT_ADJUSTMENT: "Debt Adjusted",
}
_PENNY = Decimal("0.01")


def identify_call(person: Person, *, first_seen: datetime) -> Call:
    """The customer as the shop would have registered them."""
    return {
        "type": "identify",
        "messageId": f"customer:{person.customer_id}",
        "userId": person.customer_id,
        "timestamp": first_seen.isoformat(),
        "traits": person.traits,
    }


def track_call(invoice: Invoice) -> Call:
    """The event that an invoice is."""
    return {
        "type": "track",
        "event": EVENTS[invoice.kind],
        "messageId": f"invoice:{invoice.number}",
        **_who(invoice),
        "timestamp": invoice.at.isoformat(),
        "properties": _properties(invoice),
    }


def money_of(invoice: Invoice) -> Decimal:
    """What was paid or paid back, to the penny."""
    return abs(invoice.amount).quantize(_PENNY, ROUND_HALF_UP)


def _who(invoice: Invoice) -> dict[str, str]:
    match invoice.kind, invoice.customer_id:
        case Kind.STOCK_ADJUSTMENT, _:
            return {"anonymousId": STOCKROOM}
        case Kind.DEBT_ADJUSTMENT, _:
            return {"anonymousId": LEDGER}
        case _, None:
            return {"anonymousId": f"till:{invoice.number}"}
        case _, customer_id:
            return {"userId": customer_id}


def _properties(invoice: Invoice) -> dict[str, Any]:
    paid_back = invoice.kind is Kind.REFUND
    products = [
        {
            "product_id": line.product_id,
            **({"name": line.name} if line.name else {}),
            "price": line.unit_price,
            "quantity": -line.quantity if paid_back else line.quantity,
        }
        for line in invoice.lines
    ]
    match invoice.kind:
        case Kind.PURCHASE:
            money = {"order_id": invoice.number, "revenue": money_of(invoice)}
        case Kind.REFUND:
            money = {"order_id": invoice.number, "total": money_of(invoice)}
        case _:
            money = {"adjustment_id": invoice.number, "value": invoice.amount}
    return {**money, "currency": invoice.currency, "products": products}
