"""/v1/touchpoints: single touchpoints."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.events.adapters.sql.stored_touchpoints import latest_touchpoints, one_touchpoint
from services.events.api.dependencies import Wired
from services.events.api.schemas.touchpoints import TouchpointView, page, single
from services.events.domain.errors import TouchpointNotFound
from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID, STORABLE
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/touchpoints",
    tags=["Touchpoints"],
    route_class=StrictRoute,
    responses=PROBLEM_RESPONSES,
    dependencies=[Requires("touchpoints:read")],
)


@router.get("", response_model=Page[TouchpointView])
def list_touchpoints(
    wired: Wired,
    paging: Paged,
    message_id: Annotated[
        str | None,
        Query(min_length=1, max_length=500, pattern=STORABLE, description="the messageId that a client sent"),
    ] = None,
    subject: Annotated[
        str | None, Query(min_length=1, max_length=300, pattern=STORABLE, description="such as `user_id:17850`")
    ] = None,
) -> Response:
    """Touchpoints, last recorded first. A `message_id` can be found for at least a day after it arrived."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = latest_touchpoints(
            session, subject=subject, message_id=message_id, limit=paging.limit + 1, before=before
        )
    shown, more = found[: paging.limit], len(found) > paging.limit
    return page([document for _, document in shown], paging.next(shown[-1][0]) if more else None)


@router.get("/{touchpoint_id}", name="get_touchpoint", response_model=TouchpointView)
def show(
    touchpoint_id: Annotated[str, Path(max_length=36, pattern=ID, description="a touchpoint's id")],
    wired: Wired,
) -> Response:
    """One touchpoint."""
    with wired.database.reading() as session:
        stored = one_touchpoint(session, touchpoint_id)
    if stored is None:
        raise TouchpointNotFound(f"no touchpoint {touchpoint_id}")
    return single(stored)
