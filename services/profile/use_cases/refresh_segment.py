"""Filling a segment, emptying a deleted one, and following time where a definition moves with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.profile.domain.segments.reading import read_condition
from services.profile.use_cases.move_members import moved, tell_moves
from services.profile.use_cases.ports import Work
from shared.clock import Clock
from shared.contracts.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSegment:
    """Call it with an open transaction and a segment's id; it answers with the facts to publish."""

    clock: Clock

    def __call__(self, work: Work, segment_id: str) -> list[Contract]:
        now = self.clock()
        segment = work.segments.get(segment_id)
        if segment is None:
            return []
        known = work.segments.memberships(segment_id)
        if segment.state == "deleting":
            left = moved(segment_id, matching=(), known=known, now=now)
            work.segments.remove(segment_id)
            return tell_moves(left, {})
        matching = work.segments.matching(read_condition(segment.definition), now)
        moves = moved(segment_id, matching=matching, known=known, now=now)
        # The size is kept by `move`; the row written here must not undo it.
        work.segments.save(replace(segment, state="ready", evaluated_at=now))
        work.segments.move(moves, now)
        return tell_moves(moves, {})
