"""Sums of counts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func


def count_sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum of integers as an integer, for which PostgreSQL has a numeric; 0 of none."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
