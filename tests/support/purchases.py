"""What orders add up to, order by order: profile's database adds them up in sums, and has to come to the same."""

from __future__ import annotations

from collections.abc import Iterable

from services.profile.domain.orders import OrderRecord, Purchases


def add_up(orders: Iterable[OrderRecord]) -> Purchases:
    """The sum of distinct orders; of two at the same instant the greater order id is the last."""
    records = list(orders)
    counted = sorted(
        (order for order in records if order.counts), key=lambda order: (order.occurred_at, order.order_id)
    )
    spent: dict[str, int] = {}
    for order in records:
        for entry in order.entries:
            if order.counts or entry.net_minor:
                spent[entry.currency] = spent.get(entry.currency, 0) + entry.net_minor
    refunds = sum(len(order.refunds) for order in records)
    if not counted:
        return Purchases(refunds=refunds, spent_minor=spent)
    last = counted[-1]
    return Purchases(
        orders=len(counted),
        refunds=refunds,
        spent_minor=spent,
        first_order_at=counted[0].occurred_at,
        last_order_at=last.occurred_at,
        last_order_id=last.order_id,
        last_order_amount_minor=last.amount_minor,
        last_order_currency=last.currency,
        last_order_products=last.placement.products if last.placement is not None else (),
    )
