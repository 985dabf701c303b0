"""Partitions of touchpoints by month and of seen messages by day, made ahead and dropped behind.

PostgreSQL only; SQLite has one table of each. Nothing here holds writers up for long: a partition is made apart and
then attached, which lets them write on, and what needs a table for itself gives up after `_LOCK_WAIT` and comes again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.events.domain.duplicates import REMEMBERED_DAYS
from shared.ids import first_id_at
from shared.sql.advisory_locks import hold
from shared.sql.database import Database

MONTHS_AHEAD = 3
DAYS_AHEAD = 7
FLOOR = "touchpoints_before"
"""The partition without a beginning; it holds what was recorded before there were partitions, and always stays."""
_STRAY = "seen_messages_stray"
_NEWEST_STRAY = text(f"SELECT coalesce(max(bucket), 0) FROM {_STRAY}")  # noqa: S608 - a name of ours
_LOCK_WAIT = "2s"
_ONE_MAKER = 8_104_001
_SKEW = timedelta(days=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CHILDREN = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = to_regclass(:parent) ORDER BY c.relname"
)


def partitions_of(session: Session, table: str) -> list[str]:
    """The names of a table's partitions, in order."""
    return list(session.scalars(_CHILDREN, {"parent": table}))


@dataclass(frozen=True, slots=True)
class Month:
    """A partition of touchpoints that nothing is added to any more: the ids from `first_id` to before `end_id`."""

    name: str
    first_id: str
    end_id: str


def months_before(session: Session, now: datetime) -> list[Month]:
    """The partitions of touchpoints whose time was over a day ago, oldest first."""
    begins = sorted((_month_of(name), name) for name in partitions_of(session, "touchpoints"))
    return [
        Month(name, "" if name == FLOOR else first_id_at(month), first_id_at(end))
        for (month, name), (end, _) in pairwise(begins)
        if end + _SKEW < now
    ]


def _month_of(partition: str) -> datetime:
    """When the month of a partition begins; for the floor, before anything."""
    return _BEGINNING if partition == FLOOR else datetime.strptime(partition[-7:], "%Y_%m").replace(tzinfo=UTC)


@contextmanager
def impatient(database: Database) -> Iterator[Session]:
    """A transaction that would rather fail than make writers wait long behind it."""
    with database.transaction() as session:
        session.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
        yield session


class Partitions:
    """The upkeep of partitions, each step in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make_ahead(self, now: datetime) -> list[str]:
        """Make what is missing of the months and days to come, without a gap. The names of what was made."""
        if self._database.dialect != "postgresql":
            return []
        return [*self._make_months(now), *self._make_days(now)]

    def forget_days(self, today: int) -> list[str]:
        """Drop the days in which no duplicate is looked for any more. The names of what was dropped."""
        if self._database.dialect != "postgresql":
            return []
        with self._database.reading() as session:
            past = [name for name in partitions_of(session, "seen_messages") if _ends_before(name, today)]
        for name in past:
            with impatient(self._database) as session:
                session.execute(text(f"DROP TABLE {name}"))
        return past

    def _make_months(self, now: datetime) -> Iterator[str]:
        with self._database.reading() as session:
            month = _next_month(max(map(_month_of, partitions_of(session, "touchpoints"))))
        last = now
        for _ in range(MONTHS_AHEAD):
            last = _next_month(last)
        while month <= last:
            after = _next_month(month)
            bounds = f"FROM ('{first_id_at(month)}') TO ('{first_id_at(after)}')"
            yield self._make("touchpoints", f"touchpoints_{month:%Y_%m}", bounds)
            month = after

    def _make_days(self, now: datetime) -> Iterator[str]:
        today = now.toordinal()
        with self._database.reading() as session:
            newest = max((_last_day(name) for name in partitions_of(session, "seen_messages")), default=0)
            stray = session.scalar(_NEWEST_STRAY) or 0
        # A day that has begun among the strays ends there, and is deleted from there: it is never moved.
        for day in range(max(today, newest + 1, stray + 1), today + DAYS_AHEAD + 1):
            name = f"seen_messages_{date.fromordinal(day):%Y_%m_%d}"
            yield self._make("seen_messages", name, f"IN ({day})")

    def _make(self, table: str, name: str, values: str) -> str:
        with impatient(self._database) as session:
            hold(session, _ONE_MAKER)
            if session.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
                return name  # another worker was faster
            session.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"))
            session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {values}"))
        return name


def _ends_before(name: str, today: int) -> bool:
    return name != _STRAY and _last_day(name) < today - REMEMBERED_DAYS


def _last_day(name: str) -> int:
    """The day a partition of seen messages is named after, its last; the strays have none."""
    if name == _STRAY:
        return 0
    return datetime.strptime(name[-10:], "%Y_%m_%d").replace(tzinfo=UTC).toordinal()


def _next_month(moment: datetime) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
