"""/v1/segments: name a condition, see who meets it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.profile.adapters.sql.segment_reading import SegmentReading
from services.profile.adapters.sql.segments import SqlSegments
from services.profile.api.dependencies import SegmentId, Wired
from services.profile.api.schemas.segments import (
    MemberView,
    SegmentDraft,
    SegmentPreview,
    SegmentPreviewRequest,
    SegmentView,
    member_view,
    plain,
    segment_view,
)
from services.profile.domain.segments.reading import read_new_condition
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/segments", tags=["Segments"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("segments:write"))]


@router.get("", dependencies=[Requires("segments:read")])
def list_segments(wired: Wired, paging: Paged) -> Page[SegmentView]:
    """Segments, oldest first."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = SegmentReading(session).page(after=after, limit=paging.limit + 1)
    return paging.page(found, segment_view)


@router.post("", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create_segment(
    draft: SegmentDraft, wired: Wired, caller: Writer, response: Response, key: IdempotencyKey = None
) -> SegmentView:
    """Create a segment. Its members are complete once its state is `ready`."""
    with wired.writing() as (session, work):
        made = once(
            session,
            caller=caller.key_id,
            key=key,
            request=draft,
            answer=SegmentView,
            act=lambda: segment_view(wired.edit_segments.create(work, draft.draft())),
        )
    response.headers.update({"Location": f"{router.prefix}/{made.id}", "ETag": etag(made.version)})
    return made


@router.post("/preview", dependencies=[Requires("segments:read")])
def preview_segment(request: SegmentPreviewRequest, wired: Wired) -> SegmentPreview:
    """How many customers a segment would have, and some of them, without storing it."""
    condition, now = read_new_condition(plain(request.definition)), wired.clock()
    with wired.database.reading() as session:
        matching = SqlSegments(session).matching(condition, now)
    return SegmentPreview(size=len(matching), sample=sorted(matching)[: request.sample], evaluated_at=now)


@router.get("/{segment_id:uuid}", dependencies=[Requires("segments:read")], responses=with_headers(200, ETAG))
def get_segment(segment_id: SegmentId, wired: Wired, response: Response) -> SegmentView:
    """One segment and its size."""
    with wired.database.reading() as session:
        segment = SegmentReading(session).get(segment_id)
    response.headers["ETag"] = etag(segment.version)
    return segment_view(segment)


@router.put("/{segment_id:uuid}", dependencies=[Requires("segments:write")], responses=with_headers(200, ETAG))
def change_segment(
    segment_id: SegmentId, draft: SegmentDraft, wired: Wired, seen: SeenVersion, response: Response
) -> SegmentView:
    """Change a segment's name or definition; members enter and leave soon after."""
    with wired.writing() as (_, work):
        segment = wired.edit_segments.change(work, segment_id, draft.draft(), seen=seen)
    response.headers["ETag"] = etag(segment.version)
    return segment_view(segment)


@router.delete("/{segment_id:uuid}", status_code=204, dependencies=[Requires("segments:write")])
def delete_segment(segment_id: SegmentId, wired: Wired, seen: SeenVersion) -> None:
    """Delete a segment; its members leave soon after."""
    with wired.writing() as (_, work):
        wired.edit_segments.delete(work, segment_id, seen=seen)


@router.get("/{segment_id:uuid}/members", dependencies=[Requires("segments:read")])
def list_members(segment_id: SegmentId, wired: Wired, paging: Paged) -> Page[MemberView]:
    """The members of a segment, by profile id."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = SegmentReading(session).members(segment_id, after=after, limit=paging.limit + 1)
    return paging.page(found, member_view, by=("profile_id",))
