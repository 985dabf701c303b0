"""/v1/erasures: how far customers that profile erased are erased here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.events.adapters.sql.archive.reading import read_erasures
from services.events.api.schemas.archive import ErasureView
from shared.auth.access import Requires
from shared.http.pagination import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/erasures", tags=["Erasures"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("", dependencies=[Requires("touchpoints:read")])
def list_erasures(
    request: Request,
    erasure_id: Annotated[
        str | None, Query(max_length=36, pattern=r"^[0-9a-f-]+$", description="only of this erasure, by profile's id")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ErasureView]:
    """Erasures as they were heard of, the last first."""
    before = decode_cursor(cursor, str)[0] if cursor else None
    database: Database = request.app.state.database
    with database.reading() as session:
        found = read_erasures(session, erasure_id=erasure_id, before=before, limit=limit + 1)
    data = [ErasureView.model_validate(each) for each in found[:limit]]
    return Page(data=data, next_cursor=encode_cursor(data[-1].id) if len(found) > limit else None)
