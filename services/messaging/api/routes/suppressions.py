"""/v1/suppressions: the addresses that refused marketing, for those who bring a list or answer a customer."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.messaging.api.dependencies import Wired
from services.messaging.api.schemas.suppressions import (
    Address,
    Refused,
    RefusedAddresses,
    SuppressionView,
    suppression_view,
)
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

_log = logging.getLogger(__name__)
router = APIRouter(
    prefix="/v1/suppressions", tags=["Suppressions"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Writer = Annotated[Caller, Depends(require("suppressions:write"))]
Asked = Annotated[Address, Query(description="the address, in any spelling")]


@router.post("", dependencies=[Requires("suppressions:write")])
def refuse_for_addresses(refused: RefusedAddresses, wired: Wired) -> Refused:
    """Send no marketing to these addresses from now on, campaigns under way included. The same list may come again."""
    with wired.database.transaction() as session:
        added, known = wired.suppressions(session).add(refused.addresses, clock=wired.clock)
    return Refused(added=added, known=known)


@router.get("/lookup", dependencies=[Requires("suppressions:read")])
def look_up_suppression(address: Asked, wired: Wired) -> SuppressionView:
    """Whether an address refused, since when and how; 404 where marketing may go to it."""
    with wired.database.reading() as session:
        return suppression_view(wired.suppressions(session).look_up(address))


@router.delete("", status_code=204)
def withdraw_refusal(address: Asked, wired: Wired, caller: Writer) -> None:
    """Let marketing go to the address again, because its owner asked for it. Who did so is logged."""
    with wired.database.transaction() as session:
        wired.suppressions(session).withdraw(address)
    _log.info("a refusal was withdrawn", extra={"key_id": caller.key_id})
