"""Reading and writing many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from shared.sql.upsert import insert_for

CHUNK = 1000
"""Values in one statement: well under what either database takes."""


def put(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, replacing those with the same primary key."""
    if not rows:
        return
    insert = insert_for(session, table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), rows)


def put_new(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert `rows`, leaving those with the same primary key as they are."""
    listed = list(rows)
    if listed:
        session.execute(insert_for(session, table).on_conflict_do_nothing(), listed)
