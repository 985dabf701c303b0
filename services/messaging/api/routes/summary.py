"""/v1/summary: totals, for reconciling with what the other services hold."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.messaging.adapters.sql.summary import summarise
from services.messaging.api.dependencies import Wired
from services.messaging.api.schemas.campaigns import MessageCounts, message_counts
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/summary", tags=["Messages", "Summary"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)


class Summary(BaseModel):
    """What messaging holds; `segments` by id with the members known here."""

    contacts: int
    contacts_with_address: int
    segments: dict[str, int]
    templates: int
    campaigns: dict[str, int]
    messages: MessageCounts
    suppressions: int = Field(description="addresses that refused marketing")
    bounced_addresses: int = Field(description="addresses without a mailbox that did not refuse")


@router.get("", dependencies=[Requires("messages:read")])
def get_summary(wired: Wired) -> Summary:
    """Totals, for reconciling with the other services."""
    with wired.database.reading() as session:
        totals = summarise(session)
    return Summary.model_validate({**totals, "messages": message_counts(totals["messages"])})
