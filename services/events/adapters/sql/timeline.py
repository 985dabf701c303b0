"""A customer's timeline: one page of the touchpoints of all subjects, at a bounded cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    String,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import touchpoints
from shared.ids import first_id_at

_EXAMINED = 5_000
"""Touchpoints that a filter may pass over before its page ends early, where the index alone tells them."""
_EXAMINED_NAMES = 500
"""The same for a filter that reads whole rows."""
_SUBJECTS_A_QUERY = 100
_ALONG_THE_INDEX = text(
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_sort', 'off', true),"
    " set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"
)
"""One plan for everybody, made once a connection: planning for every partition takes longer than the reading itself.

Most subjects have few touchpoints; planned for those, one with 100,000 would be read whole and sorted.
"""
_SKEW = timedelta(days=1)
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_columns = touchpoints.c
Position = tuple[datetime, str]
"""Where a touchpoint stands in a timeline: when it happened, then its id."""
_Subject = ColumnElement[str]
_Statement = Select[Any] | CompoundSelect[Any]
_OfOne = Callable[[_Subject], Select[Any]]


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


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Documents (TouchpointRecordedV1 as JSON), newest first, and the position that the next page begins behind.

    A page may hold less than was asked for, or nothing, and still have a next one.
    """

    documents: list[bytes]
    next: Position | None


class SqlTimeline:
    """Timelines in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lateral = session.get_bind().dialect.name == "postgresql"

    def page(
        self, subjects: Sequence[str], wanted: TimelineFilter, *, limit: int, after: Position | None
    ) -> TimelinePage:
        """The newest `limit` touchpoints of all `subjects` together, from behind the position `after`.

        Each subject's newest are read along the index and only then put together, so that the cost does not grow with
        how many touchpoints a customer has. A filter that passes over very many ends the page where it has come to.
        """
        if self._lateral:
            self._session.execute(_ALONG_THE_INDEX)
        reading = _Reading(wanted, after, limit=limit + 1, subjects=len(subjects), lateral=self._lateral)
        return self._whole(subjects, reading) if reading.window is None else self._sifted(subjects, reading)

    def _whole(self, subjects: Sequence[str], reading: _Reading) -> TimelinePage:
        """A page of everything: the database puts subjects together, and only what is shown leaves it."""
        found: list[Row[Any]] = []
        for each in self._of_each(subjects, reading.newest):
            newest = each.subquery("newest")
            order = newest.c.occurred_at.desc(), newest.c.id.desc()
            first = select(newest.c.occurred_at, newest.c.id).order_by(*order).limit(reading.limit).subquery("first")
            query = select(first.c.occurred_at, first.c.id, _columns.document)
            found += self._session.execute(query.join(touchpoints, _columns.id == first.c.id))
        found.sort(key=_place, reverse=True)
        shown = found[: reading.limit - 1]
        return TimelinePage(
            [bytes(row.document) for row in shown], _place(shown[-1]) if len(found) > len(shown) else None
        )

    def _sifted(self, subjects: Sequence[str], reading: _Reading) -> TimelinePage:
        """A page of what a filter lets through, down to where everything was looked at."""
        found = [(row.subject, _place(row)) for row in self._rows(subjects, reading.newest)]
        horizon = self._horizon(subjects, Counter(subject for subject, _ in found), reading)
        places = sorted((place for _, place in found if horizon is None or place >= horizon), reverse=True)
        shown = places[: reading.limit - 1]
        return TimelinePage(self._documents(shown), shown[-1] if len(places) > len(shown) else horizon)

    def _horizon(self, subjects: Sequence[str], counts: Counter[str], reading: _Reading) -> Position | None:
        """Down to where everything was looked at; None when that is the end."""
        cut_short = [subject for subject in subjects if counts[subject] < reading.limit]
        return max(map(_place, self._rows(cut_short, reading.last_of_window)), default=None)

    def _rows(self, subjects: Sequence[str], of_one: _OfOne) -> Iterator[Row[Any]]:
        for each in self._of_each(subjects, of_one):
            yield from self._session.execute(each)

    def _of_each(self, subjects: Sequence[str], of_one: _OfOne) -> Iterator[_Statement]:
        """Statements that together select what `of_one` does of each subject, with the subject."""
        if self._lateral and subjects:  # one statement, however many subjects: it is planned once
            names = func.unnest(literal(list(subjects), ARRAY(String)))
            who = names.table_valued("subject", name="who").render_derived()
            newest = of_one(who.c.subject).lateral("newest_of_one")
            yield select(who.c.subject, newest.c.occurred_at, newest.c.id).select_from(who.join(newest, true()))
            return
        for start in range(0, len(subjects), _SUBJECTS_A_QUERY):
            some = subjects[start : start + _SUBJECTS_A_QUERY]
            yield union_all(*(select(literal(one).label("subject"), of_one(literal(one)).subquery()) for one in some))

    def _documents(self, places: Sequence[Position]) -> list[bytes]:
        ids = [touchpoint_id for _, touchpoint_id in places]
        query = select(_columns.id, _columns.document)
        if self._lateral:  # each id is looked for in the one partition where it can be
            listed = func.unnest(literal(ids, ARRAY(String))).table_valued("id", name="listed").render_derived()
            query = query.join(listed, _columns.id == listed.c.id)
        else:
            query = query.where(_columns.id.in_(ids))
        rows = self._session.execute(query)
        documents = {row.id: bytes(row.document) for row in rows}
        return [documents[one] for one in ids]


class _Reading:
    """What is read of each subject for one page."""

    def __init__(
        self, wanted: TimelineFilter, after: Position | None, *, limit: int, subjects: int, lateral: bool
    ) -> None:
        self._wanted = wanted
        self._after = after
        self._lateral = lateral
        self.limit = limit
        examined = _EXAMINED if wanted.name is None else _EXAMINED_NAMES
        self.window = max(limit, examined // max(subjects, 1)) if wanted.passes_over else None

    def newest(self, subject: _Subject) -> Select[Any]:
        """The newest that are wanted, within the window if there is one."""
        if self.window is None:
            return self._behind(subject).limit(self.limit)
        window = self._behind(subject).limit(self.window)
        seen = window.lateral() if self._lateral else window.subquery()
        asked = {"kind": self._wanted.kind, "channel": self._wanted.channel, "department": self._wanted.department}
        query = select(seen.c.occurred_at, seen.c.id)
        for name, value in {**asked, "name": self._wanted.name}.items():
            if value is not None:
                query = query.where(seen.c[name] == value)
        return query.order_by(seen.c.occurred_at.desc(), seen.c.id.desc()).limit(self.limit)

    def last_of_window(self, subject: _Subject) -> Select[Any]:
        """The place at which the window ends, if the subject has so many."""
        return self._behind(subject, places_only=True).offset((self.window or 1) - 1).limit(1)

    def _behind(self, subject: _Subject, *, places_only: bool = False) -> Select[Any]:
        c, wanted = _columns, self._wanted
        filtered = [] if self.window is None or places_only else [c.kind, c.channel, c.department]
        query = select(c.occurred_at, c.id, *filtered, *([c.name] if wanted.name and filtered else []))
        query = query.where(c.subject == subject)
        if self._lateral:  # the subject is a column of the list of subjects, however deep this stands
            query = query.correlate(subject.table)
        if (
            wanted.since is not None
        ):  # what happened since then was recorded since then: earlier partitions are not read
            query = query.where(c.occurred_at >= wanted.since, c.id >= first_id_at(_earlier(wanted.since)))
        if wanted.until is not None:
            query = query.where(c.occurred_at < wanted.until)
        if self._after is not None:
            query = query.where(tuple_(c.occurred_at, c.id) < self._after)
        return query.order_by(c.occurred_at.desc(), c.id.desc())


def _place(row: Row[Any]) -> Position:
    return row.occurred_at, row.id


def _earlier(moment: datetime) -> datetime:
    """A day before, for the clocks of two machines differ; never before ids begin."""
    return max(moment, _FIRST) - _SKEW
