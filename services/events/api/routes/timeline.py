"""/v1/profiles/{profile_id}/timeline: everything that happened with one customer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.adapters.sql.timeline import SqlTimeline
from services.events.adapters.sql.timeline_reading import TimelineFilter
from services.events.api.dependencies import Wired
from services.events.api.schemas.touchpoints import TouchpointView, page
from services.events.domain.kinds import Kind
from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID, STORABLE
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.query_parameters import Since, Until, check_span
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/profiles", tags=["Timeline"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get(
    "/{profile_id}/timeline",
    name="get_timeline",
    response_model=Page[TouchpointView],
    dependencies=[Requires("touchpoints:read")],
)
def timeline(
    profile_id: Annotated[str, Path(max_length=36, pattern=ID, description="a profile's id")],
    wired: Wired,
    paging: Paged,
    kind: Annotated[Kind | None, Query(description="only this kind")] = None,
    name: Annotated[str | None, Query(max_length=500, pattern=STORABLE, description="only events of this name")] = None,
    channel: Annotated[str | None, Query(max_length=50, pattern=STORABLE, description="only this channel")] = None,
    department: Annotated[
        str | None, Query(max_length=50, pattern=STORABLE, description="only contacts that this department had")
    ] = None,
    since: Annotated[Since | None, Query(alias="from", description="from this time on, or this day in UTC")] = None,
    until: Annotated[
        Until | None,
        Query(alias="to", description="before this time, or to the end of this day in UTC, later than `from`"),
    ] = None,
) -> Response:
    """Touchpoints of a customer under every identifier it ever had, newest first.

    A profile that was merged away shows its survivor's timeline. A filter that skips very many touchpoints ends its
    page early, even empty, with a `next_cursor` to continue from: only the last page has none.
    """
    check_span(since, until)
    after = paging.after(datetime, str)
    wanted = TimelineFilter(
        kind=kind, name=name, channel=_folded(channel), department=_folded(department), since=since, until=until
    )
    with wired.database.reading() as session:
        identities = SqlIdentityMap(session)
        subjects = identities.subjects_of(profile_id)
        if not subjects and not identities.knows(profile_id):
            raise Problem(404, "profile_not_found", f"nothing was heard of a profile {profile_id} yet")
        found = SqlTimeline(session).page(subjects, wanted, limit=paging.limit, after=after)
    return page(found.documents, paging.next(*found.next) if found.next else None)


def _folded(stated: str | None) -> str | None:
    """Channels and departments are kept in one spelling of capitals."""
    return None if stated is None else stated.strip().casefold()
