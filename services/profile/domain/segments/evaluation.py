"""What conditions mean, one customer at a time: the reference that the SQL of adapters/sql must agree with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from services.profile.domain.orders import OrderRecord
from services.profile.domain.segments.conditions import (
    And,
    Condition,
    LastPurchase,
    Not,
    Or,
    Period,
    PurchasesAre,
    ScoreIs,
    TraitIs,
)
from services.profile.domain.terms import Term, item

COMPARE: Mapping[str, Any] = {"equals": eq, "not_equals": ne, "gt": gt, "gte": ge, "lt": lt, "lte": le}


@dataclass(frozen=True, slots=True)
class Customer:
    """What segments see of one profile; `figures` by (model, field)."""

    traits: Mapping[str, Term]
    orders: Sequence[OrderRecord]
    figures: Mapping[tuple[str, str], Term]


def holds(condition: Condition, customer: Customer, now: datetime) -> bool:
    """Whether `customer` is in the segment at `now`."""
    match condition:
        case And(conditions):
            return all(holds(inner, customer, now) for inner in conditions)
        case Or(conditions):
            return any(holds(inner, customer, now) for inner in conditions)
        case Not(inner):
            return not holds(inner, customer, now)
        case TraitIs(key, operator, values):
            return _term_holds(customer.traits.get(key), operator, values, now)
        case ScoreIs(model, field, operator, values):
            return _term_holds(customer.figures.get((model, field)), operator, values, now)
        case PurchasesAre():
            return _purchases_hold(condition, customer.orders, now)
        case LastPurchase():
            return _last_purchase_holds(condition, customer.orders, now)


def _term_holds(term: Term | None, operator: str, values: Sequence[Any], now: datetime) -> bool:
    """A missing value equals nothing, so `not_equals` holds of it and every other operator does not."""
    if operator == "not_equals":
        return not (term is not None and _equals(term, values[0]))
    if term is None:
        return False
    match operator:
        case "exists":
            return True
        case "equals" | "in":
            return any(_equals(term, value) for value in values)
        case "contains":
            return _contains(term, values[0])
        case "before":
            return term.moment is not None and term.moment < values[0]
        case "after":
            return term.moment is not None and term.moment > values[0]
        case "within_days":
            return term.moment is not None and now - timedelta(days=values[0]) <= term.moment <= now
        case _:
            return term.number is not None and bool(COMPARE[operator](term.number, values[0]))


def _equals(term: Term, value: str | float | bool) -> bool:
    if isinstance(value, str):
        return term.text == value
    return term.flag is value if isinstance(value, bool) else term.number == value


def _contains(term: Term, value: str | float | bool) -> bool:
    """A list has the member, or a text has the text in it, upper and lower case told apart."""
    if term.items is not None:
        return item(value) in term.items
    return isinstance(value, str) and term.text is not None and value in term.text


def _purchases_hold(condition: PurchasesAre, orders: Sequence[OrderRecord], now: datetime) -> bool:
    chosen = list(_within(orders, condition.period, now))
    entries = [entry for order in chosen for entry in order.entries if condition.currency in (None, entry.currency)]
    counted = [order for order in chosen if order.counts and condition.currency in (None, order.currency)]
    compare = COMPARE[condition.operator]
    match condition.measure:
        case "orders":
            return bool(compare(len(counted), condition.value))
        case "refunds":
            return bool(compare(sum(entry.refunds for entry in entries), condition.value))
        case "spent":
            return bool(compare(sum(entry.net_minor for entry in entries), condition.value))
        case "average_order":
            spent = sum(order.net_minor for order in counted)
            return len(counted) > 0 and bool(compare(spent, condition.value * len(counted)))


def _within(orders: Sequence[OrderRecord], period: Period, now: datetime) -> Iterator[OrderRecord]:
    start, end = period.bounds(now)
    for order in orders:
        early = start is not None and order.occurred_at < start
        late = end is not None and order.occurred_at > end
        if not early and not late:
            yield order


def _last_purchase_holds(condition: LastPurchase, orders: Sequence[OrderRecord], now: datetime) -> bool:
    until = condition.until(now)
    last = max((order.occurred_at for order in orders if order.counts and order.occurred_at <= until), default=None)
    if last is None:
        return False
    recent = condition.within is None or last >= until - timedelta(days=condition.within)
    return recent and (condition.beyond is None or last < until - timedelta(days=condition.beyond))
