"""/v1/dead-letters: what a service could not handle, and asking for another try."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator
from sqlalchemy import select, update

from shared.auth.access import Requires
from shared.bus.cloudevents import Event
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database
from shared.sql.plumbing import dead_letters

router = APIRouter(
    prefix="/v1/dead-letters", tags=["Dead letters"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
_LetterId = Annotated[str, BeforeValidator(str), Path(max_length=36, pattern=ID, description="a dead letter's id")]
"""Of routes with `{letter_id:uuid}`: the router hands over a UUID, and `replay` is no letter."""
State = Literal["dead", "replay_requested", "replayed"]


class DeadLetterView(BaseModel):
    """One event that was given up on, and why."""

    id: str
    consumer: str
    topic: str
    event_id: str
    event_type: str
    reason: str
    attempts: int
    state: State
    created_at: datetime
    replayed_at: datetime | None


class LetterEvent(BaseModel):
    """The CloudEvent as it came. `data` is its JSON, or else its text, or else its Base64.

    `source` and `type` are `unknown` if the record was not a CloudEvent.
    """

    source: str
    type: str
    time: datetime
    subject: str | None
    traceparent: str | None
    encoding: Literal["json", "text", "base64"]
    data: Any

    @classmethod
    def of(cls, event: Event) -> LetterEvent:
        """The event as it is shown."""
        encoding, data = _readable(event.data)
        return cls(
            source=event.source,
            type=event.type,
            time=event.time,
            subject=event.subject,
            traceparent=event.traceparent,
            encoding=encoding,
            data=data,
        )


class DeadLetterDetail(DeadLetterView):
    """One event that was given up on, why, and what is in it."""

    event: LetterEvent


class Replay(BaseModel):
    """How many letters wait to be handled again."""

    requested: int


@router.get("", dependencies=[Requires("dead-letters:read")])
def list_dead_letters(
    request: Request,
    paging: Paged,
    state: Annotated[State | None, Query()] = None,
) -> Page[DeadLetterView]:
    """Dead letters of this service, newest first."""
    query = select(dead_letters).order_by(dead_letters.c.id.desc()).limit(paging.limit + 1)
    if state:
        query = query.where(dead_letters.c.state == state)
    if before := paging.after_id():
        query = query.where(dead_letters.c.id < before)
    database: Database = request.app.state.database
    with database.reading() as session:
        rows = session.execute(query).all()
    return paging.page(rows, lambda row: DeadLetterView.model_validate(row, from_attributes=True))


@router.get("/{letter_id:uuid}", dependencies=[Requires("dead-letters:write")])
def get_dead_letter(letter_id: _LetterId, request: Request, response: Response) -> DeadLetterDetail:
    """One dead letter with its event. That is customers' data, so it takes `dead-letters:write`."""
    database: Database = request.app.state.database
    with database.reading() as session:
        row = session.execute(select(dead_letters).where(dead_letters.c.id == letter_id)).one_or_none()
    if row is None:
        raise Problem(404, "not_found", f"no dead letter {letter_id}")
    response.headers["Cache-Control"] = "no-store"
    view = DeadLetterView.model_validate(row, from_attributes=True)
    event = msgspec.json.decode(row.record, type=Event)
    return DeadLetterDetail(**view.model_dump(), event=LetterEvent.of(event))


@router.post("/{letter_id:uuid}/replay", status_code=202, dependencies=[Requires("dead-letters:write")])
def replay_dead_letter(letter_id: _LetterId, request: Request) -> Replay:
    """Have this letter handled again; the worker does it within a second or two."""
    if not _request_replay(request, letter_id):
        raise Problem(404, "not_found", f"no dead letter {letter_id} that waits")
    return Replay(requested=1)


@router.post("/replay", status_code=202, dependencies=[Requires("dead-letters:write")])
def replay_all_dead_letters(request: Request) -> Replay:
    """Have every waiting dead letter handled again."""
    return Replay(requested=_request_replay(request, None))


def _request_replay(request: Request, letter_id: str | None) -> int:
    waiting = update(dead_letters).where(dead_letters.c.state == "dead")
    if letter_id:
        waiting = waiting.where(dead_letters.c.id == letter_id)
    database: Database = request.app.state.database
    with database.transaction() as session:
        asked = session.execute(waiting.values(state="replay_requested").returning(dead_letters.c.id)).all()
    return len(asked)


def _readable(data: bytes) -> tuple[Literal["json", "text", "base64"], Any]:
    try:
        return "json", msgspec.json.decode(data)
    except (ValueError, RecursionError):
        pass
    try:
        return "text", data.decode()
    except UnicodeDecodeError:
        return "base64", b64encode(data).decode()
