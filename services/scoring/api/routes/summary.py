"""/v1/summary: the facts that scoring knows, in counts."""

from __future__ import annotations

from fastapi import APIRouter

from services.scoring.adapters.sql.customers import read_customers
from services.scoring.api.dependencies import Wired
from services.scoring.api.schemas.summary import FactSummaryView, summary_view
from services.scoring.use_cases.summarise_facts import summarise_facts
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/summary", tags=["Facts and models"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)


@router.get("", dependencies=[Requires("scores:read")])
def get_summary(wired: Wired) -> FactSummaryView:
    """Customers, orders, lines, refunds and money, settled: to be checked against what was sent. Reads every order."""
    with wired.database.reading() as session:
        return summary_view(summarise_facts(read_customers(session)))
