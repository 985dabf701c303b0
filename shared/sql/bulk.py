"""Many rows in one statement: lists of values on SQLite, an array for each column on PostgreSQL.

On SQLite a statement for each row is a step for each row, and a step gives up the interpreter lock: beside a busy
thread it costs up to a switch interval to get it back. On PostgreSQL it spares the server a plan and a message a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Column, Dialect
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

T = TypeVar("T")
_Shared = tuple[Column[int], int] | None
_PARAMETERS = 32_000
"""How many one statement has at most; SQLite takes 32,766."""


def binding(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """What makes of a value of `column` what the driver takes."""
    return column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def bound(session: Session, columns: tuple[Column[Any], ...], rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows of values for `columns` as the driver takes them."""
    dialect = session.get_bind().dialect
    bindings = [binding(column, dialect) for column in columns]
    return [[bind(value) for bind, value in zip(bindings, row, strict=True)] for row in rows]


def insert_rows(
    session: Session,
    columns: tuple[Column[Any], ...],
    rows: Sequence[Sequence[Any]],
    *,
    shared: _Shared = None,
) -> None:
    """Insert rows of values for `columns` of one table, as the driver takes them, in the session's transaction.

    All rows have the value of `shared` in its column. Defaults that Python knows of are not filled in. Raises
    sqlalchemy.exc.IntegrityError.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        if rows:
            arrays = tuple(map(list, zip(*rows, strict=True)))
            connection.exec_driver_sql(_from_arrays(columns, shared, connection.dialect), arrays)
        return
    for some in pieces(rows, most=_PARAMETERS // len(columns)):
        connection.exec_driver_sql(_from_lists(columns, shared, len(some)), tuple(chain.from_iterable(some)))


def values_present(
    session: Session, column: Column[Any], values: Collection[Any], *, within: tuple[Column[Any], Collection[Any]]
) -> set[Any]:
    """Which of `values` stand in `column`, in rows where the column of `within` has one of its values.

    All of them as the driver takes them.
    """
    connection, (other, others) = session.connection(), within
    wanted, place = list(values), list(others)
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql(_among_arrays(column, other, connection.dialect), (place, wanted))
        return set(found.scalars())
    present: set[Any] = set()
    for some in pieces(wanted, most=_PARAMETERS - len(place)):
        present.update(
            connection.exec_driver_sql(_among_lists(column, other, len(place), len(some)), (*place, *some)).scalars()
        )
    return present


def pieces(items: Sequence[T], *, most: int) -> Iterator[Sequence[T]]:
    """Cut into pieces of few different lengths: `most`, half of it, a quarter, ...

    A connection keeps its latest statements with all that was bound to them, and each length is a statement.
    """
    start, length = 0, most
    while start < len(items):
        while length > len(items) - start:
            length //= 2
        yield items[start : start + length]
        start += length


def _as_it_is(value: Any) -> Any:
    return value


@lru_cache(maxsize=64)
def _from_arrays(columns: tuple[Column[Any], ...], shared: _Shared, dialect: Dialect) -> str:
    into, values = _into(columns, shared)
    arrays = ", ".join(_array(column, dialect) for column in columns)
    return f"{into} SELECT {', '.join(['*', *values])} FROM unnest({arrays})"  # noqa: S608 - our own tables


@lru_cache(maxsize=128)
def _from_lists(columns: tuple[Column[Any], ...], shared: _Shared, rows: int) -> str:
    into, values = _into(columns, shared)
    row = f"({', '.join(['?'] * len(columns) + values)})"
    return f"{into} VALUES {', '.join([row] * rows)}"


@lru_cache(maxsize=64)
def _among_arrays(column: Column[Any], other: Column[Any], dialect: Dialect) -> str:
    among = (f'"{each.name}" = ANY({_array(each, dialect)})' for each in (other, column))
    return f'SELECT "{column.name}" FROM {column.table.name} WHERE {" AND ".join(among)}'  # noqa: S608


@lru_cache(maxsize=128)
def _among_lists(column: Column[Any], other: Column[Any], others: int, values: int) -> str:
    among = (f'"{each.name}" IN ({", ".join("?" * many)})' for each, many in ((other, others), (column, values)))
    return f'SELECT "{column.name}" FROM {column.table.name} WHERE {" AND ".join(among)}'  # noqa: S608


def _array(column: Column[Any], dialect: Dialect) -> str:
    return f"%b::{ARRAY(column.type).compile(dialect=dialect)}"


def _into(columns: tuple[Column[Any], ...], shared: _Shared) -> tuple[str, list[str]]:
    """How such a statement begins, and what stands behind the values of each row."""
    named = columns if shared is None else (*columns, shared[0])
    names = ", ".join(f'"{column.name}"' for column in named)
    return f"INSERT INTO {columns[0].table.name} ({names})", [] if shared is None else [f"{shared[1]:d}"]
