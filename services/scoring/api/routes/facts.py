"""What scoring knows: the facts in counts, and its models."""

from __future__ import annotations

from fastapi import APIRouter, Request

from services.scoring.adapters.sql.customers import read_customers
from services.scoring.api.schemas.facts import FactSummaryView, summary_view
from services.scoring.api.schemas.models import MODELS, ModelView
from services.scoring.use_cases.summarise_facts import summarise_facts
from shared.auth.access import Requires
from shared.http.pagination import Page
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

router = APIRouter(prefix="/v1", tags=["Facts and models"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("/summary", dependencies=[Requires("scores:read")])
def get_summary(request: Request) -> FactSummaryView:
    """Customers, orders, lines, refunds and money, settled: to be checked against what was sent. Reads every order."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return summary_view(summarise_facts(read_customers(session)))


@router.get("/models", dependencies=[Requires("scores:read")])
def list_models() -> Page[ModelView]:
    """Every model, what it answers, and the paper it comes from."""
    return Page(data=list(MODELS))
