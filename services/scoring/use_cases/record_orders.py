"""Keep what touchpoints say of orders."""

from __future__ import annotations

from collections.abc import Iterable

from services.scoring.domain.orders import OrderStatement
from services.scoring.use_cases.fact_ports import OrderLedger, StatedOrder
from shared.contracts.contract import Contract
from shared.contracts.events import Order, TouchpointRecordedV1


def record_orders(facts: Iterable[Contract], ledger: OrderLedger) -> None:
    """Add every statement about an order to the ledger, but for those of programs: no customer bought anything."""
    stated = [
        StatedOrder(fact.subject, _statement(fact, fact.order), fact.order.lines, fact.received_at)
        for fact in facts
        if isinstance(fact, TouchpointRecordedV1) and fact.order is not None and not fact.is_bot
    ]
    if stated:
        ledger.add(stated)


def _statement(fact: TouchpointRecordedV1, order: Order) -> OrderStatement:
    return OrderStatement(
        statement_id=fact.touchpoint_id,
        order_id=order.order_id,
        status=order.status,
        currency=order.currency,
        amount_minor=order.amount_minor,
        occurred_at=fact.occurred_at,
        paid_lines=sum(line.quantity > 0 and (line.unit_price or 0) > 0 for line in order.lines),
    )
