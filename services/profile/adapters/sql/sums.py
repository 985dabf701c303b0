"""Sums of money, however much it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class total(GenericFunction[Any]):  # noqa: N801 - reads as SQL
    """The sum of integers, which never fails: SQLite's own `sum` breaks off a query that exceeds 64 bits.

    Exact on PostgreSQL; on SQLite up to 2^53, which in minor units is ninety trillion dollars.
    """

    inherit_cache = True


@compiles(total, "postgresql")
def _sum(element: total, compiler: Any, **options: Any) -> str:
    return f"sum({compiler.process(element.clauses, **options)})"
