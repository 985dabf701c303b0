"""A segment and who is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

State = Literal["computing", "ready", "deleting"]


@dataclass(frozen=True, slots=True)
class Question:
    """A campaign asks for the members, under an id of its own; `traceparent` is its launch's."""

    audience_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named condition. `definition` is JSON that `reading` accepts; `version` counts edits; `size` is its members.

    It is evaluated in pages by profile id; `evaluated_to` is how far, None between two evaluations. `asked` is what is
    to be answered once it is ready.
    """

    segment_id: str
    name: str
    description: str
    definition: Mapping[str, Any]
    state: State
    size: int
    version: int
    moves_with_time: bool
    created_at: datetime
    updated_at: datetime
    evaluated_at: datetime | None = None
    evaluated_to: str | None = None
    asked: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a profile is in a segment; `sequence` grows with every entering and leaving."""

    segment_id: str
    profile_id: str
    is_member: bool
    sequence: int
    since: datetime

    def moved(self, is_member: bool, now: datetime) -> Membership:
        """The membership after an entering or leaving."""
        return replace(self, is_member=is_member, sequence=self.sequence + 1, since=now)


def newcomer(segment_id: str, profile_id: str, now: datetime) -> Membership:
    """Where somebody stands who was never in the segment."""
    return Membership(segment_id, profile_id, False, 0, now)
