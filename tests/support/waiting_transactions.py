"""Two transactions at once on PostgreSQL: the second begins while the first has not ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.sql.database import Database

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
Act = Callable[[Session], object]


def meet(database: Database, first: Act, second: Act) -> None:
    """Do `second` in a transaction of its own after `first`, before that one ends; it may wait for it, or not."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            first(session)
            other = pool.submit(_alone, database, second)
            _until_it_waits(database, other)
        other.result(30)


def _alone(database: Database, act: Act) -> None:
    with database.transaction() as session:
        act(session)


def _until_it_waits(database: Database, other: Future[None]) -> None:
    while not other.done():
        with database.reading() as session:
            if session.scalar(_WAITING):
                return
        time.sleep(0.01)
