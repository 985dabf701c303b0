"""/v1/api-keys: make, list and revoke keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from shared.auth.access import require
from shared.auth.keys import ApiKey, Caller, create_key, list_keys, revoke_key
from shared.clock import utc_now
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.schemas import Schema
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Administrator = Annotated[Caller, Depends(require("api-keys:write"))]
_Scope = Annotated[str, Field(pattern=r"^(\*|[a-z-]{1,40}:(\*|read|write))$", examples=["segments:write"])]


class NewApiKey(Schema):
    """What a key is for, and what it may do."""

    name: str = Field(min_length=1, max_length=100, examples=["warehouse export"])
    scopes: list[_Scope] = Field(min_length=1, max_length=50)


class ApiKeyView(BaseModel):
    """A key as it is listed: `hint` is how it begins."""

    id: str
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
    """Make a key. A caller can grant only what it may do itself."""
    beyond = [scope for scope in body.scopes if not caller.may(scope)]
    if beyond:
        raise Problem(403, "forbidden", f"this key cannot grant {', '.join(beyond)}")
    with _database(request).transaction() as session:
        stored, text = create_key(session, name=body.name, scopes=body.scopes, clock=utc_now)
    return CreatedApiKey(**_view(stored).model_dump(), key=text)


@router.get("")
def list_api_keys(request: Request, _caller: Administrator, paging: Paged) -> Page[ApiKeyView]:
    """Every key, newest first; live ones have no `revoked_at`."""
    before = paging.after_id()
    with _database(request).reading() as session:
        return paging.page(list_keys(session, before=before, limit=paging.limit + 1), _view)


@router.delete("/{key_id}", status_code=204)
def revoke_api_key(
    key_id: Annotated[str, Path(max_length=36, pattern=r"^[0-9a-f-]+$")], request: Request, _caller: Administrator
) -> None:
    """End a key for good; it is refused everywhere within ten seconds."""
    with _database(request).transaction() as session:
        if not revoke_key(session, key_id, clock=utc_now):
            raise Problem(404, "not_found", f"no API key {key_id}")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=list(key.scopes),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
