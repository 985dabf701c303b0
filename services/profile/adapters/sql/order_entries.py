"""What orders come to, as rows: `domain.orders.OrderRecord.entries` in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Select, Subquery, cast, column, false, func, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from services.profile.adapters.sql.tables import orders, profiles


def order_entries(*where: ColumnElement[bool]) -> Subquery:
    """The entries of those `orders` for which `where` holds, which may look at an outer row of `profiles`.

    An order is one row. Where refunds are all that is known of it, each of them is one, in its own currency.
    """
    branches = (_orders().where(orders.c.status != "unplaced"), _refunds().where(orders.c.status == "unplaced"))
    return union_all(*(branch.where(*where).correlate(profiles) for branch in branches)).subquery("entries")


def _orders() -> Select[Any]:
    whose = (orders.c.profile_id, orders.c.occurred_at, orders.c.counts)
    return select(*whose, orders.c.currency, orders.c.net_minor, orders.c.refund_count)


def _refunds() -> Select[Any]:
    refund = _members(orders.c.refunds).table_valued(column("value", JSON), joins_implicitly=True).c.value
    amount = cast(refund[2].as_string(), BigInteger)
    return select(
        orders.c.profile_id,
        orders.c.occurred_at,
        false().label("counts"),
        refund[1].as_string().label("currency"),
        (-func.coalesce(amount, 0)).label("net_minor"),
        cast(1, BigInteger).label("refund_count"),
    )


class _members(GenericFunction[Any]):  # noqa: N801 - reads as SQL
    """The members of a JSON object."""

    name = "json_each"
    inherit_cache = True


@compiles(_members, "postgresql")
def _members_of_jsonb(element: _members, compiler: Any, **options: Any) -> str:
    return f"jsonb_each({compiler.process(element.clauses, **options)})"
