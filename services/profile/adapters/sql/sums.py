"""Sums of money, however much it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class money_sum(GenericFunction[Any]):  # noqa: N801 - reads as SQL
    """The sum of integers, which never fails: SQLite's own `sum` breaks off a query that exceeds 64 bits.

    Exact on PostgreSQL; on SQLite up to 2^53, which in minor units is ninety trillion dollars.
    """

    name = "total"
    inherit_cache = True


@compiles(money_sum, "postgresql")
def _sum(element: money_sum, compiler: Any, **options: Any) -> str:
    return f"sum({compiler.process(element.clauses, **options)})"
