"""Segments as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.profile.api.schemas.definitions import EXAMPLE, Definition
from services.profile.domain.segments.segment import Membership, Segment
from services.profile.use_cases.edit_segments import Draft
from shared.http.patterns import NOT_BLANK, STORABLE
from shared.http.schemas import Schema, Whole


class SegmentDraft(Schema):
    """What a segment is called and who is in it."""

    name: str = Field(min_length=1, max_length=200, pattern=NOT_BLANK, examples=["Worth winning back"])
    description: str = Field("", max_length=2000, pattern=STORABLE)
    definition: Definition = Field(examples=[EXAMPLE])

    def draft(self) -> Draft:
        """The same as the use case takes it."""
        return Draft(name=self.name, description=self.description, definition=plain(self.definition))


class SegmentView(BaseModel):
    """A segment. `computing` until its members are those of the definition; `evaluated_at` is when they last were."""

    id: str
    name: str
    description: str
    definition: dict[str, Any] = Field(examples=[EXAMPLE])
    state: Literal["computing", "ready"]
    size: int
    version: int
    created_at: datetime
    updated_at: datetime
    evaluated_at: datetime | None


class MemberView(BaseModel):
    """A member of a segment, and since when."""

    profile_id: str
    sequence: int
    since: datetime


class SegmentPreviewRequest(Schema):
    """A definition to try without storing it."""

    definition: Definition = Field(examples=[EXAMPLE])
    sample: Whole = Field(10, ge=0, le=100, description="how many members to name")


class SegmentPreview(BaseModel):
    """The customers who would be in the segment now."""

    size: int
    sample: list[str]
    evaluated_at: datetime


def plain(definition: Definition) -> dict[str, Any]:
    """The definition as JSON, without what was left out."""
    return definition.model_dump(mode="json", by_alias=True, exclude_none=True)


def segment_view(segment: Segment) -> SegmentView:
    """The segment as it is shown."""
    return SegmentView(
        id=segment.segment_id,
        name=segment.name,
        description=segment.description,
        definition=dict(segment.definition),
        state="ready" if segment.state == "ready" else "computing",
        size=segment.size,
        version=segment.version,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
        evaluated_at=segment.evaluated_at,
    )


def member_view(membership: Membership) -> MemberView:
    """The member as it is shown."""
    return MemberView(profile_id=membership.profile_id, sequence=membership.sequence, since=membership.since)
