"""/v1/stream: what happens, as it happens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.events.adapters.bus.stream_position import InvalidPosition, StreamPosition
from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.api.event_stream import Buffer, EventStreamResponse, OpenStreams
from services.events.use_cases.webhooks.public_events import EVENT_TYPES
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.schemas import InWords
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/stream", tags=["Stream"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_TYPE = "(?:" + "|".join(EVENT_TYPES).replace(".", r"\.") + ")"
_Types = Annotated[
    str | None,
    Query(
        max_length=500,
        pattern=rf"^{_TYPE}(?:,{_TYPE})*$",
        description="only these, with commas between them",
        examples=["touchpoint.recorded,segment.entered"],
    ),
    InWords(f"some of {', '.join(EVENT_TYPES)}, with commas between them"),
]
_Subject = Annotated[
    str | None,
    Query(min_length=1, max_length=300, pattern=r"^[^\x00]+$", description="such as `user_id:17850`"),
]
_ProfileId = Annotated[
    str | None,
    Query(max_length=36, pattern=r"^[0-9a-f-]+$", description="one customer, under every name known when it begins"),
]
_LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=1_000, pattern=r"^[A-Za-z0-9_-]*$", description="go on behind this event"),
]


@router.get(
    "",
    name="stream_events",
    response_class=Response,
    responses={200: {"description": "Server-Sent Events", "content": {"text/event-stream": {}}}},
    dependencies=[Requires("stream:read")],
)
async def stream(
    request: Request,
    types: _Types = None,
    subject: _Subject = None,
    profile_id: _ProfileId = None,
    last_event_id: _LastEventId = None,
) -> Response:
    """Facts from all services as Server-Sent Events, from now on or from behind `Last-Event-ID`.

    `event` is the type and `data` what a webhook's body is. A comment comes every 15 seconds when nothing happens; an
    event `dropped` says why the stream ends, and reconnecting goes on where it ended.
    """
    after = _position(last_event_id) if last_event_id else None
    subjects = await run_in_threadpool(_subjects, request.app.state.database, subject, profile_id)
    streams: OpenStreams = request.app.state.streams
    buffer = Buffer(types.split(",") if types else (), subjects)
    end = await streams.open(buffer, after)
    return EventStreamResponse(buffer, end=end, draining=lambda: bool(request.app.state.draining))


def _position(text: str) -> StreamPosition:
    try:
        return StreamPosition.parse(text)
    except InvalidPosition as error:
        raise Problem(400, "invalid_last_event_id", "Last-Event-ID is not an id of this stream") from error


def _subjects(database: Database, subject: str | None, profile_id: str | None) -> Collection[str] | None:
    """What the bus orders the wanted facts by; None for all of them."""
    if profile_id is None:
        return None if subject is None else {subject}
    with database.reading() as session:
        known = {profile_id, *SqlIdentityMap(session).subjects_of(profile_id)}
    return known if subject is None else known & {subject}
