"""INSERT … ON CONFLICT in the dialect at hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_for(session: Session, table: Table | type[Any]) -> postgresql.Insert | sqlite.Insert:
    """An insert with `on_conflict_do_update` and `on_conflict_do_nothing`, which both dialects spell alike."""
    target: Any = getattr(table, "__table__", table)
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(target)
    return sqlite.insert(target)
