"""/v1/api-keys: make, list and revoke keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from shared.auth.access import require
from shared.auth.keys import EVERYTHING, ApiKey, Caller, create_key, find_key, list_keys, revoke_key
from shared.clock import utc_now
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID, NOT_BLANK
from shared.http.problems import PROBLEM_RESPONSES, Flaw, Problem, invalid_request
from shared.http.schemas import Schema
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Administrator = Annotated[Caller, Depends(require("api-keys:write"))]
_KeyId = Annotated[str, Path(max_length=36, pattern=ID)]


class NewApiKey(Schema):
    """What a key is for, and what it may do."""

    name: str = Field(min_length=1, max_length=100, pattern=NOT_BLANK, examples=["warehouse export"])
    scopes: list[Annotated[str, Field(max_length=100)]] = Field(
        min_length=1, max_length=50, description="what it may do; `x:*` grants everything on a resource, `*` everything"
    )
    owner: str | None = Field(
        None,
        max_length=36,
        pattern=ID,
        description="the id of a key whose owner is to own this one, which then sees and changes what that key made",
    )


class ApiKeyView(BaseModel):
    """A listed key: `hint` is its beginning, `owner` the id of its owner's first key."""

    id: str
    owner: str
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


class CreatedApiKey(ApiKeyView):
    """The only time that `key` is shown."""

    key: str


@router.post("", status_code=201)
def create_api_key(body: NewApiKey, request: Request, caller: Administrator) -> CreatedApiKey:
    """Make a key. A caller can grant only what it may do itself, and only to its own owner.

    An administrator can give keys to any owner.
    """
    _check_scopes(body.scopes, caller, known=request.app.state.scopes)
    with _database(request).transaction() as session:
        owner = None if body.owner is None else _owner(session, body.owner, caller)
        stored, text = create_key(session, name=body.name, scopes=body.scopes, owner=owner, clock=utc_now)
    return CreatedApiKey(**_view(stored).model_dump(), key=text)


@router.get("")
def list_api_keys(request: Request, _caller: Administrator, paging: Paged) -> Page[ApiKeyView]:
    """Every key, newest first; live ones have no `revoked_at`."""
    before = paging.after_id()
    with _database(request).reading() as session:
        return paging.page(list_keys(session, before=before, limit=paging.limit + 1), _view)


@router.delete("/{key_id}", status_code=204)
def revoke_api_key(key_id: _KeyId, request: Request, caller: Administrator) -> None:
    """Revoke a key for good. It is refused everywhere within ten seconds, and its open streams end.

    A caller can end keys of its owner, and those that may do no more than itself. With the last key of an owner,
    nothing more is told to its webhook endpoints.
    """
    with _database(request).transaction() as session:
        key = find_key(session, key_id)
        if key is None:
            raise Problem(404, "not_found", f"no API key {key_id}")
        _check_reach(key, caller)
        if revoke_key(session, key, clock=utc_now):
            request.app.state.owner_left(session, key.owner)


def _check_scopes(wanted: Sequence[str], caller: Caller, *, known: Collection[str]) -> None:
    there_are = f"there are {', '.join(known)}"
    odd = [
        Flaw(f"/scopes/{n}", f"no scope {each!r}; {there_are}") for n, each in enumerate(wanted) if each not in known
    ]
    if odd:
        raise invalid_request(odd)
    beyond = [scope for scope in wanted if not caller.may(scope)]
    if beyond:
        raise Problem(403, "forbidden", f"this key cannot grant {', '.join(beyond)}")


def _check_reach(key: ApiKey, caller: Caller) -> None:
    beyond = [] if key.owner == caller.owner else [scope for scope in key.scopes if not caller.may(scope)]
    if beyond:
        raise Problem(403, "forbidden", f"this key cannot end one that may do more: {', '.join(beyond)}")


def _owner(session: Session, key_id: str, caller: Caller) -> str:
    key = find_key(session, key_id)
    if EVERYTHING not in caller.scopes and (key is None or key.owner != caller.owner):
        raise Problem(403, "forbidden", "only an administrator gives keys to another owner")
    if key is None:
        raise Problem(404, "not_found", f"no API key {key_id}", errors=[Flaw("/owner", "no key has this id")])
    return key.owner


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        owner=key.owner,
        name=key.name,
        hint=key.hint,
        scopes=list(key.scopes),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
