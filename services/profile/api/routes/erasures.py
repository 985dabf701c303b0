"""Erasing customers, and the record of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from services.profile.adapters.sql.erasure_reading import read_erasure, read_erasures
from services.profile.api.dependencies import ProfileId, Wired
from services.profile.api.routes.profiles import Kind, Region, Value, identifier_of
from services.profile.api.schemas.erasures import ErasureView
from services.profile.bootstrap import Wiring
from services.profile.domain.identifiers import Identifier
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.pagination import Page, Paged
from shared.http.patterns import UUID
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.telemetry.trace import current_traceparent

router = APIRouter(tags=["Erasures"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Eraser = Annotated[Caller, Depends(require("profiles:erase"))]


@router.delete("/v1/profiles/lookup", status_code=202)
def erase_looked_up_profile(
    wired: Wired, caller: Eraser, kind: Kind, value: Value, region: Region = None
) -> ErasureView:
    """Erase the customer who has this identifier, as `DELETE /v1/profiles/{profile_id}` does."""
    return _erase(wired, identifier_of(wired, kind, value, region), caller)


@router.delete("/v1/profiles/{profile_id}", status_code=202)
def erase_profile(profile_id: ProfileId, wired: Wired, caller: Eraser) -> ErasureView:
    """Erase a customer for good: profile, identifiers, traits, orders, and all that was merged into it.

    Profile has erased the customer when this answers; the other services hear of it and follow. Asking again returns
    the same erasure.
    """
    return _erase(wired, profile_id, caller)


@router.get("/v1/erasures", dependencies=[Requires("profiles:read")])
def list_erasures(wired: Wired, paging: Paged) -> Page[ErasureView]:
    """Erasures, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = read_erasures(session, before=before, limit=paging.limit + 1)
    return paging.page(found, ErasureView.model_validate)


@router.get("/v1/erasures/{erasure_id}", dependencies=[Requires("profiles:read")])
def get_erasure(erasure_id: Annotated[str, Path(pattern=UUID)], wired: Wired) -> ErasureView:
    """One erasure."""
    with wired.database.reading() as session:
        return ErasureView.model_validate(read_erasure(session, erasure_id))


def _erase(wired: Wiring, who: str | Identifier, caller: Caller) -> ErasureView:
    with wired.writing() as (session, work):
        erasure, facts = wired.erase_profile(
            work, who, requested_by=caller.key_id, traceparent=current_traceparent.get()
        )
        wired.outbox.add(session, facts)
    return ErasureView.model_validate(erasure)
