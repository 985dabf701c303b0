"""/v1/stream: what happens, as it happens."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.events.adapters.bus.stream_position import InvalidPosition, StreamPosition
from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.api.dependencies import Wired
from services.events.api.event_buffer import Buffer
from services.events.api.event_stream import EventStreamResponse, OpenStreams
from services.events.domain.subjects import is_subject
from services.events.use_cases.webhooks.public_events import CONTRACT_NAMES, EVENT_TYPES
from shared.auth.access import require
from shared.http.patterns import worded
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.query_parameters import refused
from shared.http.schemas import InWords
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/stream", tags=["Stream"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_READER = require("stream:read")
_UNDER_NAMES = "touchpoint.recorded"
_TYPE = "(?:" + "|".join((*EVENT_TYPES, *CONTRACT_NAMES)).replace(".", r"\.") + ")"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
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
    Query(
        min_length=1,
        max_length=300,
        pattern=rf"^(?:(?:user_id|anonymous_id):[^\x00]+|{_ID})$",
        description="a customer's name, such as `user_id:17850`: touchpoints; or a profile's id: everything else",
    ),
    InWords("user_id: or anonymous_id: and an id of at most 255 characters, or a profile's id"),
]
_ProfileId = Annotated[
    str | None,
    Query(pattern=rf"^{_ID}$", description="one customer, under every name known when it begins"),
    InWords("a profile's id"),
]
_PLACE = worded(r"^[A-Za-z0-9_-]*$", "letters, digits, - and _ of ASCII, as it was handed out")
_LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=1_000, pattern=_PLACE, description="go on behind this event"),
]
_LastEventIdInQuery = Annotated[
    str | None,
    Query(
        alias="lastEventId", max_length=1_000, pattern=_PLACE, description="the same, as event-source-polyfill says it"
    ),
]


@router.get(
    "",
    name="stream_events",
    response_class=Response,
    responses={
        200: {"description": "Server-Sent Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    },
    dependencies=[Depends(_READER)],
)
async def stream(
    request: Request,
    wired: Wired,
    types: _Types = None,
    subject: _Subject = None,
    profile_id: _ProfileId = None,
    last_event_id: _LastEventId = None,
    last_event_id_in_query: _LastEventIdInQuery = None,
) -> Response:
    """Facts from all services as Server-Sent Events, from now on or from behind `Last-Event-ID`.

    `event` is the type and `data` what a webhook's body is. A comment comes every 15 seconds when nothing happens; an
    event `dropped` says why the stream ends, and reconnecting goes on where it ended, unless the key was revoked.
    """
    last = last_event_id or last_event_id_in_query
    after = _position(last) if last else None
    names = {CONTRACT_NAMES.get(each, each) for each in types.split(",")} if types else set()
    if subject is not None:
        _check_subject(subject, names)
    subjects = await run_in_threadpool(_subjects, wired.database, subject, profile_id)
    streams: OpenStreams = request.app.state.streams
    buffer = Buffer(names, subjects)
    end = await streams.open(buffer, after)
    return EventStreamResponse(
        buffer,
        end=end,
        draining=lambda: bool(request.app.state.draining),
        ask=partial(run_in_threadpool, _READER, request),
    )


def _position(text: str) -> StreamPosition:
    try:
        return StreamPosition.parse(text)
    except InvalidPosition as error:
        raise Problem(400, "invalid_last_event_id", "Last-Event-ID is not an id of this stream") from error


def _check_subject(subject: str, names: Collection[str]) -> None:
    """Raise Problem 422 for a subject under which nothing of these names is ever told."""
    is_name = ":" in subject
    if is_name and not is_subject(subject):
        raise refused("subject", "nobody is called that: an id has no space at its ends and at most 255 characters")
    if is_name and names and _UNDER_NAMES not in names:
        raise refused("subject", f"{', '.join(sorted(names))} is told under a profile's id; give it as profile_id")
    if not is_name and names == {_UNDER_NAMES}:
        raise refused("subject", f"{_UNDER_NAMES} is told under a name such as user_id:17850; give this as profile_id")


def _subjects(database: Database, subject: str | None, profile_id: str | None) -> Collection[str] | None:
    """What the bus orders the wanted facts by; None for all of them."""
    if profile_id is None:
        return None if subject is None else {subject}
    with database.reading() as session:
        known = {profile_id, *SqlIdentityMap(session).subjects_of(profile_id)}
    if subject is not None and subject not in known:
        raise refused("subject", f"profile {profile_id} is not called that")
    return known if subject is None else {subject}
