"""What a timeline's page reads of each subject: the newest touchpoints, along the index and no further than needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    String,
    TableValuedAlias,
    and_,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from services.events.adapters.sql.parts import parts
from services.events.adapters.sql.tables import touchpoints
from shared.ids import first_id_at
from shared.sql.types import UtcDateTime

_EXAMINED = 5_000
"""Touchpoints that a filter may pass over before its page ends early, where the index alone tells them."""
_EXAMINED_NAMES = 500
"""The same for a filter that reads whole rows."""
_ALONG_THE_INDEX = text(
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_sort', 'off', true),"
    " set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"
)
"""One plan for everybody, made once a connection: planning for every partition takes longer than the reading itself.

Most subjects have few touchpoints; planned for those, one with 100,000 would be read whole and sorted.
"""
_SKEW = timedelta(days=1)
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_BEFORE_ALL = literal(datetime.min.replace(tzinfo=UTC), UtcDateTime)
Position = tuple[datetime, str]
"""Where a touchpoint stands in a timeline: when it happened, then its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFilter:
    """Which touchpoints to show; None shows all. `since` is included, `until` is not."""

    kind: str | None = None
    name: str | None = None
    channel: str | None = None
    department: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def passes_over(self) -> bool:
        """Whether some touchpoints between the first and the last that are shown are not."""
        return any(value is not None for value in (self.kind, self.name, self.channel, self.department))


class Reading(ABC):
    """The statements for one page of the timeline of some subjects."""

    def __init__(
        self, session: Session, subjects: Sequence[str], wanted: TimelineFilter, after: Position | None, *, limit: int
    ) -> None:
        self._wanted = wanted
        self._after = after
        self.subjects = subjects
        self.limit = limit
        lanes, examined = self._prepare(session), _EXAMINED if wanted.name is None else _EXAMINED_NAMES
        self.window = max(limit, examined // max(lanes, 1)) if wanted.passes_over else None

    @abstractmethod
    def newest(self) -> Select[Any]:
        """Subject and place of each subject's newest touchpoints that are wanted, within the window if there is one."""

    @abstractmethod
    def ends_of_windows(self, counts: Counter[str]) -> Select[Any]:
        """The places down to which was looked, `counts` being how many were found of each subject."""

    @abstractmethod
    def _prepare(self, session: Session) -> int:
        """Make ready to read; how many stretches of the index that will be."""

    def _behind(self, among: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
        """The columns of what lies behind the position that the page begins with, and within the times."""
        c, wanted = among.c, self._wanted
        query = select(*columns)
        if wanted.since is not None:  # what happened since then was recorded since then: no earlier partition is read
            query = query.where(c.occurred_at >= wanted.since, c.id >= first_id_at(_earlier(wanted.since)))
        if wanted.until is not None:
            query = query.where(c.occurred_at < wanted.until)
        if self._after is not None:
            query = query.where(tuple_(c.occurred_at, c.id) < self._after)
        return query

    def _wanted_of(self, among: FromClause) -> ColumnElement[bool]:
        names = "kind", "channel", "department", "name"
        asked = {name: value for name in names if (value := getattr(self._wanted, name)) is not None}
        return and_(true(), *(among.c[name] == value for name, value in asked.items()))


class PostgresReading(Reading):
    """One statement, however many subjects, planned once: for each of them a lateral reading along the index."""

    def _prepare(self, session: Session) -> int:
        session.execute(_ALONG_THE_INDEX)
        return len(self.subjects)

    def newest(self) -> Select[Any]:
        who = _unnested(self.subjects)
        if self.window is None:
            return self._of_each(who, self._along(who).limit(self.limit))
        c = touchpoints.c
        filtered = [c.kind, c.channel, c.department, *([c.name] if self._wanted.name is not None else [])]
        seen = self._along(who, *filtered).limit(self.window).lateral()
        newest = select(seen.c.occurred_at, seen.c.id).where(self._wanted_of(seen))
        return self._of_each(who, _newest_first(newest, seen).limit(self.limit))

    def ends_of_windows(self, counts: Counter[str]) -> Select[Any]:
        """Of a subject of which a whole page was found nothing more is asked."""
        who = _unnested([subject for subject in self.subjects if counts[subject] < self.limit])
        return self._of_each(who, self._along(who).offset((self.window or 1) - 1).limit(1))

    def _of_each(self, who: TableValuedAlias, of_one: Select[Any]) -> Select[Any]:
        newest = of_one.lateral("newest_of_one")
        columns = who.c.subject, newest.c.occurred_at, newest.c.id
        return select(*columns).select_from(who.join(newest, true()))

    def _along(self, who: TableValuedAlias, *further: ColumnElement[Any]) -> Select[Any]:
        c = touchpoints.c
        query = self._behind(touchpoints, c.occurred_at, c.id, *further).where(c.subject == who.c.subject)
        return _newest_first(query.correlate(who), touchpoints)


class SqliteReading(Reading):
    """One statement for all pairs of a part and a subject: of each, what lies above a time that the index tells.

    The pairs are one list: of two, SQLite might put the subjects behind the touchpoints and walk through whole parts.
    """

    def _prepare(self, session: Session) -> int:
        self._pairs = [(part, subject) for part in session.scalars(parts()) for subject in self.subjects]
        return len(self._pairs)

    def newest(self) -> Select[Any]:
        pair, c = _listed(self._pairs), touchpoints.c
        last = self._nth(pair, self.window or self.limit, "occurred_at").scalar_subquery()
        query = self._behind(touchpoints, c.subject, c.occurred_at, c.id)
        query = query.select_from(pair.join(touchpoints, _lane(touchpoints, pair)))
        return query.where(c.occurred_at >= func.coalesce(last, _BEFORE_ALL), self._wanted_of(touchpoints))

    def ends_of_windows(self, counts: Counter[str]) -> Select[Any]:
        """All pairs are asked: whatever was found of a subject, another part may hold what is newer."""
        pair, c = _listed(self._pairs), touchpoints.c
        last = self._nth(pair, self.window or 1, "id").scalar_subquery()
        return select(c.subject, c.occurred_at, c.id).select_from(pair.join(touchpoints, c.id == last))

    def _nth(self, pair: TableValuedAlias, number: int, column: str) -> Select[Any]:
        """The newest touchpoint but `number` - 1 of a pair; none when it has fewer."""
        along = touchpoints.alias("along")
        query = self._behind(along, along.c[column]).where(_lane(along, pair))
        return _newest_first(query, along).offset(number - 1).limit(1).correlate(pair)


def _lane(among: FromClause, pair: TableValuedAlias) -> ColumnElement[bool]:
    part, subject = (func.json_extract(pair.c.value, f"$[{n}]") for n in (0, 1))
    return and_(among.c.part == part, among.c.subject == subject)


def _newest_first(query: Select[Any], among: FromClause) -> Select[Any]:
    return query.order_by(among.c.occurred_at.desc(), among.c.id.desc())


def _unnested(subjects: Sequence[str]) -> TableValuedAlias:
    return func.unnest(literal(list(subjects), ARRAY(String))).table_valued("subject", name="who").render_derived()


def _listed(pairs: Sequence[tuple[int, str]]) -> TableValuedAlias:
    return func.json_each(msgspec.json.encode(pairs).decode()).table_valued("value", name="pairs")


def _earlier(moment: datetime) -> datetime:
    """A day before, for the clocks of two machines differ; never before ids begin."""
    return max(moment, _FIRST) - _SKEW
