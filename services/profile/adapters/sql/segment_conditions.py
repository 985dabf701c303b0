"""Segment conditions as SQL: what `domain.segments.evaluation` says, for all profiles at once.

Everything a definition holds (keys, models, texts, numbers) travels as a bound parameter; the columns and operators in
the text are the few named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Table, and_, exists, func, literal, not_, or_, select, true

from services.profile.adapters.sql.order_entries import order_entries
from services.profile.adapters.sql.sums import money_sum
from services.profile.adapters.sql.tables import orders, profiles, score_figures, traits
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
from services.profile.domain.segments.evaluation import COMPARE
from services.profile.domain.terms import item

Clause = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SegmentSql:
    """Compiles conditions into clauses on a row of `profiles`, as of `now`, for `dialect`."""

    dialect: str
    now: datetime

    def clause(self, condition: Condition) -> Clause:
        """Whether the condition holds for the profile of the row."""
        match condition:
            case And(conditions):
                return and_(*map(self.clause, conditions))
            case Or(conditions):
                return or_(*map(self.clause, conditions))
            case Not(inner):
                return not_(self.clause(inner))
            case TraitIs(key, operator, values):
                mine = and_(traits.c.profile_id == profiles.c.profile_id, traits.c.key == key, traits.c.present)
                return self._term(traits, mine, operator, values)
            case ScoreIs(model, field, operator, values):
                figures = score_figures.c
                mine = and_(figures.profile_id == profiles.c.profile_id, figures.model == model, figures.field == field)
                return self._term(score_figures, mine, operator, values)
            case PurchasesAre():
                return self._purchases(condition)
            case LastPurchase():
                return self._last_purchase(condition)

    def _term(self, table: Table, mine: Clause, operator: str, values: tuple[Any, ...]) -> Clause:
        """Whether there is a row of `mine` for which the comparison holds, or for not_equals none that equals."""
        column = table.c
        match operator:
            case "exists":
                return exists().where(mine)
            case "equals" | "in":
                return exists().where(mine, _equals_any(column, values))
            case "not_equals":
                return not_(exists().where(mine, _equals_any(column, values)))
            case "contains":
                return exists().where(mine, self._contains(column, values[0]))
            case "before":
                return exists().where(mine, column.moment < values[0])
            case "after":
                return exists().where(mine, column.moment > values[0])
            case "within_days":
                return exists().where(mine, column.moment.between(self.now - timedelta(days=values[0]), self.now))
            case _:
                return exists().where(mine, COMPARE[operator](column.number, values[0]))

    def _contains(self, column: Any, value: Any) -> Clause:
        listed = self._position(column["items"], item(value)) > 0
        if not isinstance(value, str):
            return listed
        return or_(listed, and_(column["items"].is_(None), self._position(column["text"], value) > 0))

    def _position(self, column: Column[Any], text: str) -> ColumnElement[int]:
        return func.strpos(column, text) if self.dialect == "postgresql" else func.instr(column, text)

    def _purchases(self, condition: PurchasesAre) -> Clause:
        entries = order_entries(orders.c.profile_id == profiles.c.profile_id, *self._bounds(condition.period)).c
        compare = COMPARE[condition.operator]
        counted = func.count().filter(entries.counts)
        value = literal(condition.value, BigInteger)
        match condition.measure:
            case "orders":
                wanted = compare(counted, value)
            case "refunds":
                wanted = compare(func.coalesce(func.sum(entries.refund_count), 0), value)
            case "spent":
                wanted = compare(func.coalesce(money_sum(entries.net_minor), 0), value)
            case "average_order":
                spent = func.coalesce(money_sum(entries.net_minor).filter(entries.counts), 0)
                wanted = and_(counted > 0, compare(spent, counted * value))
        mine = true() if condition.currency is None else entries.currency == condition.currency
        return select(wanted).where(mine).scalar_subquery()

    def _bounds(self, period: Period) -> list[Clause]:
        start, end = period.bounds(self.now)
        bounds = [] if start is None else [orders.c.occurred_at >= start]
        return bounds if end is None else [*bounds, orders.c.occurred_at <= end]

    def _last_purchase(self, condition: LastPurchase) -> Clause:
        until = condition.until(self.now)
        mine = and_(orders.c.profile_id == profiles.c.profile_id, orders.c.counts, orders.c.occurred_at <= until)
        tests: list[Clause] = [exists().where(mine)]
        if condition.within is not None:
            tests.append(exists().where(mine, orders.c.occurred_at >= until - timedelta(days=condition.within)))
        if condition.beyond is not None:
            recent = exists().where(mine, orders.c.occurred_at >= until - timedelta(days=condition.beyond))
            tests.append(not_(recent))
        return and_(*tests)


def _equals_any(column: Any, values: tuple[Any, ...]) -> Clause:
    """Each value against the column of its own type."""
    texts = [value for value in values if isinstance(value, str)]
    flags = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if isinstance(value, float)]
    tests = [
        (column.text, texts),
        (column.flag, flags),
        (column.number, numbers),
    ]
    return or_(*(where.in_(wanted) for where, wanted in tests if wanted))
