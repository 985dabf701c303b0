"""Filling a segment, emptying a deleted one, and following time where a definition moves with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.profile.domain.segments.reading import read_condition
from services.profile.domain.segments.segment import Segment
from services.profile.use_cases.move_members import moved, tell_moves
from services.profile.use_cases.ports import Work
from services.profile.use_cases.tell_audiences import tell_end, tell_missing
from shared.clock import Clock
from shared.contracts.contract import Contract

PAGE = 500
"""Profiles of one transaction: nobody else writes profiles while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSegment:
    """How far the pages came is kept with the segment, so that whoever goes on does so from there.

    Changes of profiles are tried against it all the while, so that it does not matter on which side of the page they
    are. Campaigns that asked for its members meanwhile are answered with the last page.
    """

    clock: Clock
    page: int = PAGE

    def next_page(self, work: Work, segment_id: str) -> list[Contract]:
        """The facts to publish with the open transaction for one more page of a segment.

        The last page makes it ready, or takes it away if it is being deleted.
        """
        segment = work.segments.get(segment_id)
        if segment is None:
            return []
        return self._empty(work, segment) if segment.state == "deleting" else self._evaluate(work, segment)

    def _empty(self, work: Work, segment: Segment) -> list[Contract]:
        now, segment_id = self.clock(), segment.segment_id
        if segment.asked:
            work.segments.save(replace(segment, asked=()))
        gone = work.segments.remove(segment_id, at_most=self.page)
        left = [each.moved(False, now) for each in gone if each.is_member]
        return [*tell_moves(left, {}), *tell_missing(segment_id, segment.asked)]

    def _evaluate(self, work: Work, segment: Segment) -> list[Contract]:
        now, segment_id = self.clock(), segment.segment_id
        span = work.segments.next_span(segment, self.page)
        matching = work.segments.matching(read_condition(segment.definition), now, among=span)
        known = work.segments.memberships(segment_id, among=span)
        moves = moved(segment_id, matching=matching, known=known, now=now)
        done = replace(segment, state="ready", evaluated_at=now, evaluated_to=None, asked=())
        # The size is kept by `move`; the row written here must not undo it.
        work.segments.save(done if span.to is None else replace(segment, evaluated_to=span.to))
        work.segments.move(moves)
        return [*tell_moves(moves, {}), *tell_end(segment_id, segment.asked if span.to is None else ())]
