"""Customers with what they bought, read one after the other in one query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from services.scoring.adapters.sql.tables import order_statements, profiles, subjects
from services.scoring.domain.orders import OrderStatement, settle
from services.scoring.use_cases.ports import Customer

_ROWS_AT_ONCE = 5_000


def read_customers(session: Session, *, until: datetime | None = None) -> Iterator[Customer]:
    """Every customer with a statement made until then; the statements of all their subjects are settled together."""
    query = _by_customer()
    if until is not None:
        query = query.where(order_statements.c.occurred_at <= until)
    result = session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, rows in groupby(result, key=lambda row: row.customer):
        yield _customer(list(rows))


def _by_customer() -> Select[Any]:
    orders, survivor = order_statements.c, profiles.alias("survivor")
    joined = (
        order_statements.outerjoin(subjects, subjects.c.subject == orders.subject)
        .outerjoin(profiles, profiles.c.profile_id == subjects.c.profile_id)
        .outerjoin(survivor, survivor.c.profile_id == profiles.c.survivor_id)
    )
    profile_id = func.coalesce(profiles.c.survivor_id, subjects.c.profile_id)
    identified = or_(
        orders.subject.like("user_id:%"),
        and_(profiles.c.identified.is_not(None), profiles.c.identified),
        and_(survivor.c.identified.is_not(None), survivor.c.identified),
    )
    customer = func.coalesce(profile_id, orders.subject)
    return (
        select(
            customer.label("customer"),
            profile_id.label("profile_id"),
            identified.label("identified"),
            orders.statement_id,
            orders.order_id,
            orders.status,
            orders.currency,
            orders.amount_minor,
            orders.occurred_at,
            orders.paid_lines,
        )
        .select_from(joined)
        .order_by(customer)
    )


def _customer(rows: list[Any]) -> Customer:
    account = settle(
        OrderStatement(
            statement_id=row.statement_id,
            order_id=row.order_id,
            status=row.status,
            currency=row.currency,
            amount_minor=row.amount_minor,
            occurred_at=row.occurred_at,
            paid_lines=row.paid_lines,
        )
        for row in rows
    )
    return Customer(rows[0].profile_id, any(row.identified for row in rows), account)
