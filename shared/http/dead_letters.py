"""/v1/dead-letters: what a service could not handle, and asking for another try."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from sqlalchemy import select, update

from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database
from shared.sql.plumbing import dead_letters

router = APIRouter(
    prefix="/v1/dead-letters", tags=["Dead letters"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
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


@router.post("/{letter_id}/replay", status_code=202, dependencies=[Requires("dead-letters:write")])
def replay_dead_letter(
    letter_id: Annotated[str, Path(max_length=36, pattern=r"^[0-9a-f-]+$")], request: Request
) -> Replay:
    """Ask that this letter be handled again; the worker does it within a second or two."""
    if not _request_replay(request, letter_id):
        raise Problem(404, "not_found", f"no dead letter {letter_id} that waits")
    return Replay(requested=1)


@router.post("/replay", status_code=202, dependencies=[Requires("dead-letters:write")])
def replay_all_dead_letters(request: Request) -> Replay:
    """Ask that every letter that waits be handled again."""
    return Replay(requested=_request_replay(request, None))


def _request_replay(request: Request, letter_id: str | None) -> int:
    waiting = update(dead_letters).where(dead_letters.c.state == "dead")
    if letter_id:
        waiting = waiting.where(dead_letters.c.id == letter_id)
    database: Database = request.app.state.database
    with database.transaction() as session:
        asked = session.execute(waiting.values(state="replay_requested").returning(dead_letters.c.id)).all()
    return len(asked)
