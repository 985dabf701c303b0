"""Creating, changing and deleting segments. Filling and emptying them is left to `refresh_segment`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.profile.domain.errors import SegmentNotFound
from services.profile.domain.segments.conditions import moves_with_time
from services.profile.domain.segments.reading import read_new_condition
from services.profile.domain.segments.segment import Segment
from services.profile.use_cases.ports import Work
from shared.clock import Clock
from shared.versions import check_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants a segment to be; `definition` is JSON that `domain.segments.reading` accepts."""

    name: str
    description: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSegments:
    """Each method wants an open transaction. Raises InvalidCondition, SegmentNotFound and VersionConflict."""

    clock: Clock
    new_id: Callable[[], str]

    def create(self, work: Work, draft: Draft) -> Segment:
        """A segment that is still to be filled."""
        now = self.clock()
        segment = Segment(
            segment_id=self.new_id(),
            name=draft.name,
            description=draft.description,
            definition=draft.definition,
            state="computing",
            size=0,
            version=1,
            moves_with_time=moves_with_time(read_new_condition(draft.definition)),
            created_at=now,
            updated_at=now,
        )
        work.segments.save(segment)
        return segment

    def change(self, work: Work, segment_id: str, draft: Draft, *, seen: int | None) -> Segment:
        """The segment with another name or definition, to be computed anew, so that members move page by page."""
        segment = self._as_seen(work, segment_id, seen)
        changed = replace(
            segment,
            name=draft.name,
            description=draft.description,
            definition=draft.definition,
            state="computing",
            version=segment.version + 1,
            moves_with_time=moves_with_time(read_new_condition(draft.definition)),
            updated_at=self.clock(),
            evaluated_to=None,
        )
        work.segments.save(changed)
        return changed

    def delete(self, work: Work, segment_id: str, *, seen: int | None) -> None:
        """The segment is gone for readers at once; its members leave soon after."""
        segment = self._as_seen(work, segment_id, seen)
        work.segments.save(replace(segment, state="deleting", updated_at=self.clock()))

    def _as_seen(self, work: Work, segment_id: str, seen: int | None) -> Segment:
        segment = work.segments.get(segment_id)
        if segment is None or segment.state == "deleting":
            raise SegmentNotFound(f"no segment {segment_id}")
        check_seen(seen, current=segment.version)
        return segment
