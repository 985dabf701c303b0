"""/v1/suppressions: the addresses that get no marketing, for those who bring a list or answer a customer."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.messaging.api.dependencies import Wired
from services.messaging.api.schemas.suppressions import (
    ListedSuppression,
    Refused,
    RefusedAddresses,
    SuppressionView,
    listed_suppression,
    suppression_view,
)
from services.messaging.api.schemas.texts import Address
from services.messaging.domain.unsubscribing import SuppressedBy, SuppressionFilter
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.pagination import Page, Paged
from shared.http.patterns import ID
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.query_parameters import Since, Until, check_span
from shared.http.strict_json import StrictRoute

_log = logging.getLogger(__name__)
router = APIRouter(
    prefix="/v1/suppressions", tags=["Suppressions"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Writer = Annotated[Caller, Depends(require("suppressions:write"))]
Asked = Annotated[Address, Query(description="the address, in any spelling")]


@router.post("", dependencies=[Requires("suppressions:write")])
def refuse_for_addresses(refused: RefusedAddresses, wired: Wired) -> Refused:
    """Send no marketing to these addresses from now on, running campaigns included. The same list may be sent again."""
    with wired.database.transaction() as session:
        kept = wired.suppressions(session)
        added, known = (kept.add if refused.by == "operator" else kept.add_bounced)(refused.addresses)
    return Refused(added=added, known=known)


@router.get("", dependencies=[Requires("suppressions:read")])
def list_suppressions(
    wired: Wired,
    paging: Paged,
    by: Annotated[SuppressedBy | None, Query(description="only what was said in this way")] = None,
    profile_id: Annotated[
        str | None, Query(max_length=36, pattern=ID, description="only this customer, by any id they ever had")
    ] = None,
    since: Annotated[Since | None, Query(alias="from", description="from this time on, or this day in UTC")] = None,
    until: Annotated[
        Until | None,
        Query(alias="to", description="before this time, or to the end of this day in UTC, later than `from`"),
    ] = None,
) -> Page[ListedSuppression]:
    """Who gets no marketing, newest first. An address is shown if a known customer has it."""
    check_span(since, until)
    wanted = SuppressionFilter(by=by, since=since, until=until, profile_id=profile_id)
    after = paging.after(datetime, str)
    with wired.database.reading() as session:
        found = wired.suppressions(session).page(wanted, after=after, limit=paging.limit + 1)
    return paging.page(found, listed_suppression, by=("since", "id"))


@router.get("/lookup", dependencies=[Requires("suppressions:read")])
def look_up_suppression(address: Asked, wired: Wired) -> SuppressionView:
    """Whether an address gets no marketing, since when and why; 404 if marketing may go to it."""
    with wired.database.reading() as session:
        return suppression_view(wired.suppressions(session).look_up(address))


@router.delete("", status_code=204)
def withdraw_refusal(address: Asked, wired: Wired, caller: Writer) -> None:
    """Let marketing go to the address again: its owner asked for it, or it has a mailbox now. Who did so is logged."""
    with wired.database.transaction() as session:
        wired.suppressions(session).withdraw(address)
    _log.info("a refusal was withdrawn", extra={"key_id": caller.key_id})
