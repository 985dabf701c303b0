"""A customer's timeline: one page of the touchpoints of all subjects, at a bounded cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, String, func, literal, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import touchpoints
from services.events.adapters.sql.timeline_reading import (
    Position,
    PostgresReading,
    Reading,
    SqliteReading,
    TimelineFilter,
)

_columns = touchpoints.c


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
        self._postgres = session.get_bind().dialect.name == "postgresql"

    def page(
        self, subjects: Sequence[str], wanted: TimelineFilter, *, limit: int, after: Position | None
    ) -> TimelinePage:
        """The newest `limit` touchpoints of all `subjects` together, from behind the position `after`.

        Each subject's newest are read along the index and only then put together, so that the cost does not grow with
        how many touchpoints a customer has. A filter that passes over very many ends the page where it has come to.
        """
        kind = PostgresReading if self._postgres else SqliteReading
        reading = kind(self._session, subjects, wanted, after, limit=limit + 1)
        return self._whole(reading) if reading.window is None else self._sifted(reading)

    def _whole(self, reading: Reading) -> TimelinePage:
        """A page of everything: the database puts subjects together, and only what is shown leaves it."""
        newest = reading.newest().subquery("newest")
        order = newest.c.occurred_at.desc(), newest.c.id.desc()
        first = select(newest.c.occurred_at, newest.c.id).order_by(*order).limit(reading.limit).subquery("first")
        query = select(first.c.occurred_at, first.c.id, _columns.document)
        found = self._session.execute(query.join(touchpoints, _columns.id == first.c.id)).all()
        shown = sorted(found, key=_place, reverse=True)[: reading.limit - 1]
        return TimelinePage(
            [bytes(row.document) for row in shown], _place(shown[-1]) if len(found) > len(shown) else None
        )

    def _sifted(self, reading: Reading) -> TimelinePage:
        """A page of what a filter lets through, down to where everything was looked at."""
        found = [(row.subject, _place(row)) for row in self._session.execute(reading.newest())]
        ends = self._session.execute(reading.ends_of_windows(Counter(subject for subject, _ in found)))
        horizon = max(map(_place, ends), default=None)
        places = sorted((place for _, place in found if horizon is None or place >= horizon), reverse=True)
        shown = places[: reading.limit - 1]
        return TimelinePage(self._documents(shown), shown[-1] if len(places) > len(shown) else horizon)

    def _documents(self, places: Sequence[Position]) -> list[bytes]:
        ids = [touchpoint_id for _, touchpoint_id in places]
        query = select(_columns.id, _columns.document)
        if self._postgres:  # each id is looked for in the one partition where it can be
            listed = func.unnest(literal(ids, ARRAY(String))).table_valued("id", name="listed").render_derived()
            query = query.join(listed, _columns.id == listed.c.id)
        else:
            query = query.where(_columns.id.in_(ids))
        documents = {row.id: bytes(row.document) for row in self._session.execute(query)}
        return [documents[one] for one in ids]


def _place(row: Any) -> Position:
    return row.occurred_at, row.id
