"""/v1/import-mappings: what the columns of a kind of file mean, saved by name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.imports.mappings import SqlImportMappings
from services.events.api.dependencies import Wired
from services.events.api.schemas.import_mappings import MappingDefinition, MappingName, MappingView, NewMapping
from services.events.use_cases.imports import keep_import_mappings
from shared.auth.access import require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/import-mappings", tags=["Imports"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Reader = Annotated[Caller, Depends(require("imports:read"))]
Writer = Annotated[Caller, Depends(require("imports:write"))]


@router.post("", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create_import_mapping(
    body: NewMapping, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> MappingView:
    """Save a mapping under a name. The name is the source: a mapping saved again continues what was imported."""
    with wired.database.transaction() as session:

        def act() -> MappingView:
            mappings = SqlImportMappings(session)
            return MappingView.of(
                keep_import_mappings.create_import_mapping(mappings, body.name, body.wanted(), clock=wired.clock)
            )

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=MappingView, act=act)
    response.headers.update({"Location": f"{router.prefix}/{made.name}", "ETag": etag(made.version)})
    return made


@router.get("")
def list_import_mappings(wired: Wired, _caller: Reader, paging: Paged) -> Page[MappingView]:
    """The saved mappings, by name."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = SqlImportMappings(session).page(limit=paging.limit + 1, after=after)
    return paging.page(found, MappingView.of, by=("name",))


@router.get("/{name}", responses=with_headers(200, ETAG))
def get_import_mapping(name: MappingName, wired: Wired, response: Response, _caller: Reader) -> MappingView:
    """One mapping; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        mapping = SqlImportMappings(session).get(name)
    response.headers["ETag"] = etag(mapping.version)
    return MappingView.of(mapping)


@router.put("/{name}", responses=with_headers(200, ETAG))
def change_import_mapping(
    name: MappingName,
    body: MappingDefinition,
    wired: Wired,
    response: Response,
    _caller: Writer,
    seen: SeenVersion,
) -> MappingView:
    """Replace a mapping. Imports requested before keep the one that they began with."""
    with wired.database.transaction() as session:
        mapping = keep_import_mappings.change_import_mapping(
            SqlImportMappings(session), name, body.wanted(), seen=seen, clock=wired.clock
        )
    response.headers["ETag"] = etag(mapping.version)
    return MappingView.of(mapping)


@router.delete("/{name}", status_code=204)
def delete_import_mapping(name: MappingName, wired: Wired, _caller: Writer) -> None:
    """Delete a mapping; what was imported with it stays."""
    with wired.database.transaction() as session:
        SqlImportMappings(session).remove(name)
