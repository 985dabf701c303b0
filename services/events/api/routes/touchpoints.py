"""/v1/touchpoints: single touchpoints."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.events.adapters.sql.timeline import SqlTimeline
from services.events.api.schemas.touchpoints import TouchpointView, document, page
from services.events.domain.errors import TouchpointNotFound
from shared.auth.access import Requires
from shared.http.pagination import Page
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(
    prefix="/v1/touchpoints",
    tags=["Touchpoints"],
    route_class=StrictRoute,
    responses=PROBLEM_RESPONSES,
    dependencies=[Requires("touchpoints:read")],
)


@router.get("", response_model=Page[TouchpointView])
def find(
    message_id: Annotated[
        str, Query(min_length=1, max_length=500, pattern=r"^[^\x00]*$", description="the messageId a client sent")
    ],
    request: Request,
) -> Response:
    """What became of a message, for a day at least after it arrived; one touchpoint a source."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return page(SqlTimeline(session).by_message(message_id), None)


@router.get("/{touchpoint_id}", response_model=TouchpointView)
def show(
    touchpoint_id: Annotated[str, Path(max_length=36, pattern=r"^[0-9a-f-]+$", description="a touchpoint's id")],
    request: Request,
) -> Response:
    """One touchpoint."""
    database: Database = request.app.state.database
    with database.reading() as session:
        stored = SqlTimeline(session).one(touchpoint_id)
    if stored is None:
        raise TouchpointNotFound(f"no touchpoint {touchpoint_id}")
    return document(stored)
