"""/v1/summary: totals, for reconciling with what was sent in."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.profile.adapters.sql.summary import summarise
from services.profile.api.dependencies import Wired
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/summary", tags=["Summary"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


class OrdersSummary(BaseModel):
    """`placed` orders stand, free ones included; `purchases` are those for money; `refunds` are refund events."""

    placed: int
    purchases: int
    purchases_of_identified: int
    cancelled: int
    refunds: int
    spent_minor: dict[str, int] = Field(description="net, per currency, in minor units")


class Summary(BaseModel):
    """What profile holds. `identified` profiles have a user id; `identifiers` are counted by kind."""

    profiles: int
    identified: int
    anonymous: int
    identifiers: dict[str, int]
    merges: int
    refused_ties: int
    segments: int
    orders: OrdersSummary


@router.get("", dependencies=[Requires("profiles:read")])
def get_summary(wired: Wired) -> Summary:
    """Totals over all profiles."""
    with wired.database.reading() as session:
        return Summary.model_validate(summarise(session))
