"""/v1/erasures: how far customers that profile erased are erased here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.events.adapters.sql.erasure.reading import read_erasures
from services.events.api.dependencies import Wired
from services.events.api.schemas.erasures import ErasureView
from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/erasures", tags=["Erasures"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("", dependencies=[Requires("touchpoints:read")])
def list_erasures(
    wired: Wired,
    paging: Paged,
    erasure_id: Annotated[
        str | None, Query(max_length=36, pattern=ID, description="only of this erasure, by profile's id")
    ] = None,
) -> Page[ErasureView]:
    """Erasures as events heard of them, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = read_erasures(session, erasure_id=erasure_id, before=before, limit=paging.limit + 1)
    return paging.page(found, ErasureView.model_validate)
