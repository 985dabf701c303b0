"""Statements about orders, in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.scoring.adapters.sql.tables import order_statements
from services.scoring.use_cases.fact_ports import StatedOrder
from shared.contracts.events import OrderLine
from shared.sql.upsert import insert_for


class SqlOrderLedger:
    """An OrderLedger in the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, stated: Sequence[StatedOrder]) -> None:
        insert = insert_for(self._session, order_statements).on_conflict_do_nothing(index_elements=["statement_id"])
        self._session.execute(insert, [_row(each) for each in stated])


def _row(stated: StatedOrder) -> dict[str, Any]:
    statement = stated.statement
    return {
        "statement_id": statement.statement_id,
        "subject": stated.subject,
        "order_id": statement.order_id,
        "status": statement.status,
        "currency": statement.currency,
        "amount_minor": statement.amount_minor,
        "occurred_at": statement.occurred_at,
        "paid_lines": statement.paid_lines,
        "lines": [_line(line) for line in stated.lines],
        "received_at": stated.received_at,
    }


def _line(line: OrderLine) -> list[str | None]:
    """Compact, with exact decimals as text: a shop's year is half a million of these."""
    price = None if line.unit_price is None else str(line.unit_price)
    return [line.product_id or line.sku, line.name, str(line.quantity), price]
