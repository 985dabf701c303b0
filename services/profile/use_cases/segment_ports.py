"""What segments need of storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.profile.domain.segments.conditions import Condition
from services.profile.domain.segments.segment import Membership, Segment


@dataclass(frozen=True, slots=True)
class Span:
    """Profile ids behind `after`, up to and with `to`; None does not bound it."""

    after: str | None
    to: str | None


class Segments(Protocol):
    """Segments and their members."""

    def standing(self) -> list[Segment]:
        """Those that changes of profiles are to be tried against: all that are not being deleted."""
        ...

    def get(self, segment_id: str) -> Segment | None: ...

    def save(self, segment: Segment) -> None:
        """Insert or replace."""
        ...

    def remove(self, segment_id: str, *, at_most: int) -> list[Membership]:
        """Delete so many memberships, which are the answer, and with the last of them the segment."""
        ...

    def next_span(self, segment: Segment, size: int) -> Span:
        """Where the next `size` profiles are that the segment is to be evaluated for."""
        ...

    def matching(self, condition: Condition, now: datetime, *, among: Collection[str] | Span | None = None) -> set[str]:
        """The profiles the condition holds for, of all or of some."""
        ...

    def memberships(self, segment_id: str, *, among: Collection[str] | Span) -> dict[str, Membership]:
        """By profile id; those who left are included."""
        ...

    def held_by(self, profile_ids: Collection[str]) -> list[Membership]:
        """Every membership of these profiles that stands."""
        ...

    def move(self, memberships: Sequence[Membership]) -> None:
        """Write memberships and keep each segment's size."""
        ...
