"""Taking in orders, and keeping what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.profile.domain.orders import OrderRecord, Purchases
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.ports import Work
from services.profile.use_cases.profile_ports import OrderKey


def record_orders(work: Work, heard: Iterable[tuple[str, OrderRecord]], changes: Changes) -> None:
    """Combine what was `heard` (profile id, record) with what is known of the same orders."""
    news: dict[OrderKey, OrderRecord] = {}
    for profile_id, record in heard:
        key = (profile_id, record.order_id)
        news[key] = news[key].combine(record) if key in news else record
    known = work.orders.find(news)
    combined = {key: known[key].combine(record) if key in known else record for key, record in news.items()}
    different = {key: record for key, record in combined.items() if known.get(key) != record}
    work.orders.save(different)
    changes.note((profile_id for profile_id, _ in different), "purchases")


def add_up_purchases(work: Work, changes: Changes) -> None:
    """Bring the purchases of every profile whose orders changed up to date."""
    stale = [profile_id for profile_id, what in changes.of.items() if "purchases" in what]
    totals: Mapping[str, Purchases] = work.orders.totals(stale)
    profiles = work.profiles.get(stale)
    work.profiles.save(
        [replace(profile, purchases=totals.get(profile_id, Purchases())) for profile_id, profile in profiles.items()]
    )
