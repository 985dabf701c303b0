"""/v1/campaigns/{id}/...: launching campaigns, holding and ending them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends

from services.messaging.adapters.sql import message_reading
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.api.dependencies import CampaignId, Wired
from services.messaging.api.schemas.campaigns import CampaignView, campaign_view
from services.messaging.bootstrap import Wiring
from services.messaging.domain.campaigns import Campaign
from services.messaging.use_cases.change_campaigns import change_campaign
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.etags import SeenVersion
from shared.http.idempotency import IdempotencyKey, once
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.telemetry.trace import current_traceparent

router = APIRouter(prefix="/v1/campaigns", tags=["Campaigns"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("campaigns:write"))]


@router.post("/{campaign_id}/launch")
def launch_campaign(
    campaign_id: CampaignId, wired: Wired, caller: Writer, seen: SeenVersion, key: IdempotencyKey = None
) -> CampaignView:
    """Launch a campaign: it starts at once or at `send_at`. Launching twice has one effect.

    With `If-Match` and the ETag of the plan that you looked at: 412 if the plan was changed since.
    """
    with wired.database.transaction() as session:
        campaigns = SqlCampaigns(session)

        def act() -> CampaignView:
            trace = current_traceparent.get()
            now = wired.clock()
            launched = change_campaign(
                campaigns, campaign_id, lambda found: found.launch(now), seen=seen, traceparent=trace
            )
            return campaign_view(launched, message_reading.counts_of(session, [campaign_id])[campaign_id])

        request = f"launch:{campaign_id}"
        return once(session, caller=caller.key_id, key=key, request=request, answer=CampaignView, act=act)


@router.post("/{campaign_id}/pause", dependencies=[Requires("campaigns:write")])
def pause_campaign(campaign_id: CampaignId, wired: Wired) -> CampaignView:
    """Pause a campaign; messages already with the mail server still go out."""
    return _change(wired, campaign_id, Campaign.pause)


@router.post("/{campaign_id}/resume", dependencies=[Requires("campaigns:write")])
def resume_campaign(campaign_id: CampaignId, wired: Wired) -> CampaignView:
    """Continue a paused campaign."""
    return _change(wired, campaign_id, Campaign.resume)


@router.post("/{campaign_id}/cancel", dependencies=[Requires("campaigns:write")])
def cancel_campaign(campaign_id: CampaignId, wired: Wired) -> CampaignView:
    """End a campaign for good; messages still in the queue are skipped."""
    now = wired.clock()
    return _change(wired, campaign_id, lambda campaign: campaign.cancel(now))


def _change(wired: Wiring, campaign_id: str, change: Callable[[Campaign], Campaign]) -> CampaignView:
    with wired.database.transaction() as session:
        campaign = change_campaign(SqlCampaigns(session), campaign_id, change)
        return campaign_view(campaign, message_reading.counts_of(session, [campaign_id])[campaign_id])
