"""Orders in SQL, and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put
from services.profile.adapters.sql.order_entries import order_entries
from services.profile.adapters.sql.sums import money_sum
from services.profile.adapters.sql.tables import orders
from services.profile.domain.orders import OrderRecord, Placement, Purchases, Refund
from services.profile.use_cases.profile_ports import OrderKey
from shared.batched import batched

_PAIRS = 400


class SqlOrders:
    """`Orders` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRecord]:
        place = tuple_(orders.c.profile_id, orders.c.order_id)
        found: dict[OrderKey, OrderRecord] = {}
        for chunk in batched(keys, _PAIRS):
            rows = self._session.execute(select(orders).where(place.in_(chunk)))
            found.update(((row.profile_id, row.order_id), record_of(row)) for row in rows)
        return found

    def of(self, profile_ids: Collection[str]) -> dict[OrderKey, OrderRecord]:
        found: dict[OrderKey, OrderRecord] = {}
        for chunk in batched(profile_ids, CHUNK):
            rows = self._session.execute(select(orders).where(orders.c.profile_id.in_(chunk)))
            found.update(((row.profile_id, row.order_id), record_of(row)) for row in rows)
        return found

    def save(self, changed: Mapping[OrderKey, OrderRecord]) -> None:
        put(self._session, orders, [_row_of(profile_id, record) for (profile_id, _), record in changed.items()])

    def remove(self, profile_ids: Collection[str]) -> None:
        for chunk in batched(profile_ids, CHUNK):
            self._session.execute(delete(orders).where(orders.c.profile_id.in_(chunk)))

    def totals(self, profile_ids: Collection[str]) -> dict[str, Purchases]:
        added: dict[str, Purchases] = {}
        for chunk in batched(profile_ids, CHUNK):
            sums = self._sums(chunk)
            last = self._last(chunk)
            added.update((profile_id, _purchases(rows, last.get(profile_id))) for profile_id, rows in sums.items())
        return added

    def _sums(self, profile_ids: list[str]) -> dict[str, list[Any]]:
        entries = order_entries(orders.c.profile_id.in_(profile_ids)).c
        query = select(
            entries.profile_id,
            entries.currency,
            func.count().filter(entries.counts).label("orders"),
            func.sum(entries.refund_count).label("refunds"),
            money_sum(entries.net_minor).label("spent_minor"),
            func.min(entries.occurred_at).filter(entries.counts).label("first_at"),
        ).group_by(entries.profile_id, entries.currency)
        found: dict[str, list[Any]] = {}
        for row in self._session.execute(query):
            found.setdefault(row.profile_id, []).append(row)
        return found

    def _last(self, profile_ids: list[str]) -> dict[str, Any]:
        """The latest purchase of each; of two at the same instant the one with the greater order id."""
        order_id: ColumnElement[str] = orders.c.order_id
        if self._session.get_bind().dialect.name == "postgresql":  # a database's language has an order of its own
            order_id = order_id.collate("C")
        place = func.row_number().over(
            partition_by=orders.c.profile_id, order_by=(orders.c.occurred_at.desc(), order_id.desc())
        )
        columns = (orders.c.profile_id, orders.c.order_id, orders.c.occurred_at, orders.c.amount_minor)
        counted = (
            select(*columns, orders.c.currency, orders.c.products, place.label("place"))
            .where(orders.c.profile_id.in_(profile_ids), orders.c.counts)
            .subquery()
        )
        return {row.profile_id: row for row in self._session.execute(select(counted).where(counted.c.place == 1))}


def _purchases(rows: list[Any], last: Any | None) -> Purchases:
    totals = Purchases(
        orders=sum(row.orders for row in rows),
        refunds=int(sum(row.refunds for row in rows)),
        spent_minor={row.currency: int(row.spent_minor) for row in rows if row.orders or row.spent_minor},
    )
    if last is None:
        return totals
    return replace(
        totals,
        first_order_at=min(row.first_at for row in rows if row.first_at is not None),
        last_order_at=last.occurred_at,
        last_order_id=last.order_id,
        last_order_amount_minor=last.amount_minor,
        last_order_currency=last.currency,
        last_order_products=tuple(last.products),
    )


def record_of(row: Any) -> OrderRecord:
    """The order in a row of `orders`."""
    placement = None
    if row.placed_at is not None:
        placement = Placement(row.placed_at, row.placed_by, row.currency, row.amount_minor, tuple(row.products))
    refunds = {
        touchpoint_id: Refund(datetime.fromisoformat(at), currency, amount)
        for touchpoint_id, (at, currency, amount) in row.refunds.items()
    }
    return OrderRecord(row.order_id, row.ordered_at, placement, row.cancelled_at, refunds, row.cancelled_currency)


def _row_of(profile_id: str, record: OrderRecord) -> dict[str, Any]:
    placement = record.placement
    return {
        "profile_id": profile_id,
        "order_id": record.order_id,
        "occurred_at": record.occurred_at,
        "status": record.status,
        "counts": record.counts,
        "currency": record.currency,
        "amount_minor": record.amount_minor,
        "refunded_minor": record.refunded_minor,
        "net_minor": record.net_minor,
        "refund_count": len(record.refunds),
        "products": placement.products if placement is not None else (),
        "ordered_at": record.ordered_at,
        "placed_at": placement.at if placement is not None else None,
        "placed_by": placement.touchpoint_id if placement is not None else None,
        "cancelled_at": record.cancelled_at,
        "cancelled_currency": record.currency_hint,
        "refunds": {
            touchpoint_id: (refund.at.isoformat(), refund.currency, refund.amount_minor)
            for touchpoint_id, refund in record.refunds.items()
        },
    }
