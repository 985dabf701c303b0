"""What the API and the worker read of segments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.segments import membership_of, segment_of
from services.profile.adapters.sql.tables import memberships, segments
from services.profile.domain.errors import SegmentNotFound
from services.profile.domain.segments.segment import Membership, Segment


class SegmentReading:
    """Reads segments that are not on their way out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, segment_id: str) -> Segment:
        """The segment of this id. Raises SegmentNotFound."""
        mine = (segments.c.segment_id == segment_id) & (segments.c.state != "deleting")
        row = self._session.execute(select(segments).where(mine)).one_or_none()
        if row is None:
            raise SegmentNotFound(f"no segment {segment_id}")
        return segment_of(row)

    def page(self, *, after: str | None, limit: int) -> list[Segment]:
        """Segments in the order they were made, after the one with id `after`."""
        query = select(segments).where(segments.c.state != "deleting").order_by(segments.c.segment_id).limit(limit)
        if after is not None:
            query = query.where(segments.c.segment_id > after)
        return [segment_of(row) for row in self._session.execute(query)]

    def members(self, segment_id: str, *, after: str | None, limit: int) -> list[Membership]:
        """Members by profile id, after `after`. Raises SegmentNotFound."""
        self.get(segment_id)
        query = (
            select(memberships)
            .where(memberships.c.segment_id == segment_id, memberships.c.is_member)
            .order_by(memberships.c.profile_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(memberships.c.profile_id > after)
        return [membership_of(row) for row in self._session.execute(query)]


def due_segments(session: Session, *, stale_before: datetime) -> list[str]:
    """Ids of segments to fill or empty, and of those that move with time and were last evaluated before that."""
    stale = segments.c.moves_with_time & (segments.c.evaluated_at <= stale_before)
    due = or_(segments.c.state.in_(("computing", "deleting")), stale)
    return list(session.scalars(select(segments.c.segment_id).where(due).order_by(segments.c.segment_id)))
