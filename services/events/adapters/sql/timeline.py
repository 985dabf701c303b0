"""Reading touchpoints: timelines, single ones, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_, union_all
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import inbound_sources, seen_messages, sources, touchpoints
from services.events.domain.duplicates import message_hash

_SUBJECTS_A_QUERY = 100
_columns = touchpoints.c
Position = tuple[datetime, str]
"""Where a touchpoint stands in a timeline: when it happened, then its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFilter:
    """Which touchpoints to show; None shows all. `since` is included, `until` is not."""

    kind: str | None = None
    name: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class SqlTimeline:
    """Touchpoints as they are read. Documents are TouchpointRecordedV1 as JSON bytes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(
        self, subjects: Sequence[str], wanted: TimelineFilter, *, limit: int, after: Position | None
    ) -> list[tuple[Position, bytes]]:
        """The newest `limit` touchpoints of all `subjects` together, from behind the position `after`.

        Each subject's newest are read along the index and only then put together, so that the cost does not grow with
        how many touchpoints a customer has.
        """
        places: list[Position] = []
        for start in range(0, len(subjects), _SUBJECTS_A_QUERY):
            newest = [
                select(_newest(subject, wanted, limit=limit, after=after).subquery())
                for subject in subjects[start : start + _SUBJECTS_A_QUERY]
            ]
            rows = self._session.execute(union_all(*newest))
            places.extend((row.occurred_at, row.id) for row in rows)
        chosen = sorted(places, reverse=True)[:limit]
        documents = self._documents([touchpoint_id for _, touchpoint_id in chosen])
        return [(place, documents[place[1]]) for place in chosen]

    def one(self, touchpoint_id: str) -> bytes | None:
        """The document of one touchpoint."""
        return self._documents([touchpoint_id]).get(touchpoint_id)

    def latest(
        self, *, subject: str | None, message_id: str | None, limit: int, before: str | None
    ) -> list[tuple[str, bytes]]:
        """Touchpoints by id, the last recorded first, from behind the id `before`.

        A message is found for as long as its duplicates are looked for: a day at least.
        """
        query = select(_columns.id, _columns.document).order_by(_columns.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(_columns.subject == subject)
        if message_id is not None:
            query = query.where(_columns.id.in_(self._of_message(message_id)))
        if before is not None:
            query = query.where(_columns.id < before)
        return [(row.id, bytes(row.document)) for row in self._session.execute(query)]

    def _of_message(self, message_id: str) -> list[str]:
        senders = union_all(select(sources.c.id), select(inbound_sources.c.id))
        hashes = [message_hash(source_id, message_id) for source_id in self._session.scalars(senders)]
        buckets = list(self._session.scalars(select(seen_messages.c.bucket).distinct()))
        seen = (seen_messages.c.bucket.in_(buckets)) & (seen_messages.c.hash.in_(hashes))
        return list(self._session.scalars(select(seen_messages.c.touchpoint_id).where(seen)))

    def _documents(self, ids: Sequence[str]) -> dict[str, bytes]:
        query = select(_columns.id, _columns.document).where(_columns.id.in_(ids)).order_by(_columns.id)
        return {row.id: bytes(row.document) for row in self._session.execute(query)}


def _newest(subject: str, wanted: TimelineFilter, *, limit: int, after: Position | None) -> Select[Any]:
    query = select(_columns.occurred_at, _columns.id).where(_columns.subject == subject)
    if wanted.kind is not None:
        query = query.where(_columns.kind == wanted.kind)
    if wanted.name is not None:
        query = query.where(_columns.name == wanted.name)
    if wanted.channel is not None:
        query = query.where(_columns.channel == wanted.channel)
    if wanted.since is not None:
        query = query.where(_columns.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_columns.occurred_at < wanted.until)
    if after is not None:
        query = query.where(tuple_(_columns.occurred_at, _columns.id) < after)
    return query.order_by(_columns.occurred_at.desc(), _columns.id.desc()).limit(limit)
