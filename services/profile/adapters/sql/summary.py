"""Totals over all profiles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.order_entries import order_entries
from services.profile.adapters.sql.sums import money_sum
from services.profile.adapters.sql.tables import identifiers, merges, orders, profiles, refused_ties, segments


def summarise(session: Session) -> dict[str, Any]:
    """Counts and sums, named as the API tells them."""
    everybody, identified = session.execute(
        select(func.count(), func.count().filter(profiles.c.identified)).select_from(profiles)
    ).one()
    kinds = (
        select(identifiers.c.kind, func.count().label("total"))
        .group_by(identifiers.c.kind)
        .order_by(identifiers.c.kind)
    )
    return {
        "profiles": everybody,
        "identified": identified,
        "anonymous": everybody - identified,
        "identifiers": {row.kind: row.total for row in session.execute(kinds)},
        "merges": session.scalar(select(func.count()).select_from(merges)),
        "refused_ties": session.scalar(select(func.count()).select_from(refused_ties)),
        "segments": session.scalar(select(func.count()).where(segments.c.state != "deleting")),
        "orders": _orders(session),
    }


def _orders(session: Session) -> dict[str, Any]:
    placed = orders.c.status == "placed"
    row = session.execute(
        select(
            func.count().filter(placed),
            func.count().filter(orders.c.counts),
            func.count().filter(orders.c.counts & profiles.c.identified),
            func.count().filter(orders.c.status == "cancelled"),
            func.coalesce(func.sum(orders.c.refund_count), 0),
        ).select_from(orders.join(profiles, profiles.c.profile_id == orders.c.profile_id))
    ).one()
    entries = order_entries().c
    spent = select(entries.currency, money_sum(entries.net_minor)).group_by(entries.currency)
    return {
        "placed": row[0],
        "purchases": row[1],
        "purchases_of_identified": row[2],
        "cancelled": row[3],
        "refunds": int(row[4]),
        "spent_minor": {currency: int(minor) for currency, minor in session.execute(spent) if currency},
    }
