"""Segments and their members in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import chunks, put
from services.profile.adapters.sql.segment_conditions import SegmentSql
from services.profile.adapters.sql.tables import memberships, profiles, segments
from services.profile.domain.segments.conditions import Condition
from services.profile.domain.segments.segment import Membership, Segment


class SqlSegments:
    """`use_cases.ports.Segments` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ready(self) -> list[Segment]:
        query = select(segments).where(segments.c.state == "ready").order_by(segments.c.segment_id)
        return [segment_of(row) for row in self._session.execute(query)]

    def get(self, segment_id: str) -> Segment | None:
        row = self._session.execute(select(segments).where(segments.c.segment_id == segment_id)).one_or_none()
        return None if row is None else segment_of(row)

    def save(self, segment: Segment) -> None:
        put(self._session, segments, [asdict(segment)])

    def remove(self, segment_id: str) -> None:
        for table in (memberships, segments):
            self._session.execute(delete(table).where(table.c.segment_id == segment_id))

    def matching(self, condition: Condition, now: datetime, *, among: Collection[str] | None = None) -> set[str]:
        holds = SegmentSql(self._session.get_bind().dialect.name, now).clause(condition)
        query = select(profiles.c.profile_id).where(holds)
        if among is None:
            return set(self._session.scalars(query))
        found: set[str] = set()
        for chunk in chunks(among):
            found.update(self._session.scalars(query.where(profiles.c.profile_id.in_(chunk))))
        return found

    def memberships(self, segment_id: str, *, among: Collection[str] | None = None) -> dict[str, Membership]:
        query = select(memberships).where(memberships.c.segment_id == segment_id)
        if among is None:
            return {row.profile_id: membership_of(row) for row in self._session.execute(query)}
        return {
            row.profile_id: membership_of(row)
            for chunk in chunks(among)
            for row in self._session.execute(query.where(memberships.c.profile_id.in_(chunk)))
        }

    def held_by(self, profile_ids: Collection[str]) -> list[Membership]:
        query = select(memberships).where(memberships.c.is_member)
        return [
            membership_of(row)
            for chunk in chunks(profile_ids)
            for row in self._session.execute(query.where(memberships.c.profile_id.in_(chunk)))
        ]

    def move(self, moved: Sequence[Membership], now: datetime) -> None:
        put(self._session, memberships, [asdict(membership) for membership in moved])
        growth = Counter[str]()
        for membership in moved:
            growth[membership.segment_id] += 1 if membership.is_member else -1
        for segment_id, by in growth.items():
            mine = segments.c.segment_id == segment_id
            self._session.execute(update(segments).where(mine).values(size=segments.c.size + by, evaluated_at=now))


def segment_of(row: Any) -> Segment:
    """The segment in a row of `segments`."""
    return Segment(**row._mapping)


def membership_of(row: Any) -> Membership:
    """The membership in a row of `memberships`."""
    return Membership(row.segment_id, row.profile_id, row.is_member, row.sequence, row.since)
