"""/v1/sources: who may send, and with which write keys, each source seen by its owner alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.sources import SqlSources
from services.events.api.dependencies import Wired
from services.events.api.owners import owner_of
from services.events.api.schemas.sources import (
    CreatedSource,
    CreatedWriteKey,
    NewSource,
    SourceDetail,
    SourceId,
    SourceView,
    WriteKeyId,
    WriteKeyView,
)
from services.events.use_cases.keep_sources import add_write_key, create_source, revoke_write_key
from shared.auth.access import require
from shared.auth.keys import Caller
from shared.http.answer_headers import LOCATION, with_headers
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/sources", tags=["Sources"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Reader = Annotated[Caller, Depends(require("sources:read"))]
Writer = Annotated[Caller, Depends(require("sources:write"))]


@router.post("", name="create_source", status_code=201, responses=with_headers(201, LOCATION))
def create(
    body: NewSource, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> CreatedSource:
    """Make a source and its first write key."""
    with wired.database.transaction() as session:

        def act() -> CreatedSource:
            source, write_key = create_source(
                SqlSources(session, owner_of(caller)),
                name=body.name,
                default_currency=body.default_currency,
                owner=caller.owner,
                clock=wired.clock,
            )
            return CreatedSource(**SourceView.of(source).model_dump(), write_key=write_key)

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=CreatedSource, act=act)
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return made


@router.get("")
def list_sources(wired: Wired, caller: Reader, paging: Paged) -> Page[SourceView]:
    """Your sources, newest first; an administrator's key sees everybody's."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlSources(session, owner_of(caller)).page(limit=paging.limit + 1, before=before)
    return paging.page(found, SourceView.of)


@router.get("/{source_id}", name="get_source")
def show(source_id: SourceId, wired: Wired, caller: Reader) -> SourceDetail:
    """One source and its live write keys."""
    with wired.database.reading() as session:
        sources = SqlSources(session, owner_of(caller))
        source = sources.get(source_id)
        keys = [WriteKeyView.of(key) for key in sources.live_keys(source_id)]
    return SourceDetail(**SourceView.of(source).model_dump(), write_keys=keys)


@router.post("/{source_id}/write-keys", name="add_write_key", status_code=201)
def add_key(
    source_id: SourceId, wired: Wired, caller: Writer, idempotency_key: IdempotencyKey = None
) -> CreatedWriteKey:
    """Make a second write key, so that clients can switch over; two may be live at once."""
    with wired.database.transaction() as session:

        def act() -> CreatedWriteKey:
            key, write_key = add_write_key(SqlSources(session, owner_of(caller)), source_id, clock=wired.clock)
            return CreatedWriteKey(**WriteKeyView.of(key).model_dump(), write_key=write_key)

        described = f"write-key:{source_id}"
        return once(
            session, caller=caller.key_id, key=idempotency_key, request=described, answer=CreatedWriteKey, act=act
        )


@router.delete("/{source_id}/write-keys/{key_id}", name="revoke_write_key", status_code=204)
def revoke_key(source_id: SourceId, key_id: WriteKeyId, wired: Wired, caller: Writer) -> None:
    """Revoke a write key for good; it is refused everywhere within five seconds."""
    with wired.database.transaction() as session:
        revoke_write_key(SqlSources(session, owner_of(caller)), source_id, key_id, clock=wired.clock)
