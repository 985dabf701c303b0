"""/v1/summary: how much arrived, of what."""

from __future__ import annotations

from fastapi import APIRouter, Request

from services.events.adapters.sql.summary import Summary, summarise
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1/summary", tags=["Summary"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("", name="get_summary", dependencies=[Requires("touchpoints:read")])
def show(request: Request) -> Summary:
    """Touchpoints by kind, event name and source; orders by status; duplicates dropped; dead letters."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return summarise(session)
