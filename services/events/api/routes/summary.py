"""/v1/summary: how much arrived, of what."""

from __future__ import annotations

from fastapi import APIRouter

from services.events.adapters.sql.summary import Summary, summarise
from services.events.api.dependencies import Wired
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/summary", tags=["Summary"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("", name="get_summary", dependencies=[Requires("touchpoints:read")])
def show(wired: Wired) -> Summary:
    """Touchpoints by kind, event name and source; orders by status; duplicates dropped; dead letters."""
    with wired.database.reading() as session:
        return summarise(session)
