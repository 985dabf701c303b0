"""Segments and their members in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put
from services.profile.adapters.sql.segment_conditions import SegmentSql
from services.profile.adapters.sql.tables import memberships, profiles, segments
from services.profile.domain.segments.conditions import Condition
from services.profile.domain.segments.segment import Membership, Question, Segment
from services.profile.use_cases.segment_ports import Span
from shared.batched import batched


class SqlSegments:
    """`Segments` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def standing(self) -> list[Segment]:
        query = select(segments).where(segments.c.state != "deleting").order_by(segments.c.segment_id)
        return [segment_of(row) for row in self._session.execute(query)]

    def get(self, segment_id: str) -> Segment | None:
        row = self._session.execute(select(segments).where(segments.c.segment_id == segment_id)).one_or_none()
        return None if row is None else segment_of(row)

    def save(self, segment: Segment) -> None:
        put(self._session, segments, [asdict(segment)])

    def remove(self, segment_id: str, *, at_most: int) -> list[Membership]:
        mine = memberships.c.segment_id == segment_id
        query = select(memberships).where(mine).order_by(memberships.c.profile_id).limit(at_most)
        some = [membership_of(row) for row in self._session.execute(query)]
        if some:
            self._session.execute(delete(memberships).where(mine, memberships.c.profile_id <= some[-1].profile_id))
        if len(some) < at_most:
            self._session.execute(delete(segments).where(segments.c.segment_id == segment_id))
        return some

    def next_span(self, segment: Segment, size: int) -> Span:
        rest = select(profiles.c.profile_id).order_by(profiles.c.profile_id).offset(size - 1).limit(1)
        if segment.evaluated_to is not None:
            rest = rest.where(profiles.c.profile_id > segment.evaluated_to)
        return Span(segment.evaluated_to, self._session.scalar(rest))

    def matching(self, condition: Condition, now: datetime, *, among: Collection[str] | Span | None = None) -> set[str]:
        holds = SegmentSql(self._session.get_bind().dialect.name, now).clause(condition)
        query = select(profiles.c.profile_id).where(holds)
        if among is None:
            return set(self._session.scalars(query))
        if isinstance(among, Span):
            return set(self._session.scalars(query.where(*_within(profiles, among))))
        found: set[str] = set()
        for chunk in batched(among, CHUNK):
            found.update(self._session.scalars(query.where(profiles.c.profile_id.in_(chunk))))
        return found

    def memberships(self, segment_id: str, *, among: Collection[str] | Span) -> dict[str, Membership]:
        query = select(memberships).where(memberships.c.segment_id == segment_id)
        if isinstance(among, Span):
            query = query.where(*_within(memberships, among))
            return {row.profile_id: membership_of(row) for row in self._session.execute(query)}
        return {
            row.profile_id: membership_of(row)
            for chunk in batched(among, CHUNK)
            for row in self._session.execute(query.where(memberships.c.profile_id.in_(chunk)))
        }

    def held_by(self, profile_ids: Collection[str]) -> list[Membership]:
        query = select(memberships).where(memberships.c.is_member)
        return [
            membership_of(row)
            for chunk in batched(profile_ids, CHUNK)
            for row in self._session.execute(query.where(memberships.c.profile_id.in_(chunk)))
        ]

    def move(self, moved: Sequence[Membership]) -> None:
        put(self._session, memberships, [asdict(membership) for membership in moved])
        growth = Counter[str]()
        for membership in moved:
            growth[membership.segment_id] += 1 if membership.is_member else -1
        for segment_id, by in growth.items():
            mine = segments.c.segment_id == segment_id
            self._session.execute(update(segments).where(mine).values(size=segments.c.size + by))


def _within(table: Table, span: Span) -> list[ColumnElement[bool]]:
    bounds = []
    if span.after is not None:
        bounds.append(table.c.profile_id > span.after)
    if span.to is not None:
        bounds.append(table.c.profile_id <= span.to)
    return bounds


def segment_of(row: Any) -> Segment:
    """The segment in a row of `segments`."""
    return Segment(**{**row._mapping, "asked": tuple(Question(**each) for each in row.asked or ())})


def membership_of(row: Any) -> Membership:
    """The membership in a row of `memberships`."""
    return Membership(row.segment_id, row.profile_id, row.is_member, row.sequence, row.since)
