"""/v1/campaigns: one template to one segment."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.messaging.adapters.sql import message_reading
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.api.dependencies import CampaignId, Wired
from services.messaging.api.readers import reader_of
from services.messaging.api.schemas.campaigns import (
    CampaignDraft,
    CampaignReport,
    CampaignView,
    TrialDraft,
    TrialView,
    campaign_view,
    trial_view,
)
from services.messaging.api.schemas.messages import MessageView
from services.messaging.api.schemas.templates import Reader, RenderedView, rendered_view
from services.messaging.bootstrap import Wiring
from services.messaging.domain.campaigns import CampaignStatus
from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import MessageStatus
from services.messaging.use_cases.change_campaigns import delete_draft, plan_campaign, replan_campaign
from services.messaging.use_cases.dispatch_ports import Programme
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/campaigns", tags=["Campaigns"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("campaigns:write"))]


@router.get("", dependencies=[Requires("campaigns:read")])
def list_campaigns(
    wired: Wired, paging: Paged, status: Annotated[CampaignStatus | None, Query()] = None
) -> Page[CampaignView]:
    """Campaigns with their counts, newest first."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = SqlCampaigns(session).page(status=status, after=after, limit=paging.limit + 1)
        counts = message_reading.counts_of(session, [campaign.campaign_id for campaign in found[: paging.limit]])
    return paging.page(found, lambda campaign: campaign_view(campaign, counts[campaign.campaign_id]))


@router.post("", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create_campaign(
    draft: CampaignDraft, wired: Wired, caller: Writer, response: Response, key: IdempotencyKey = None
) -> CampaignView:
    """Plan a campaign; nothing is sent before it is launched."""
    with wired.database.transaction() as session:

        def act() -> CampaignView:
            templates, campaigns = SqlTemplates(session), SqlCampaigns(session)
            campaign = plan_campaign(draft.plan(), templates=templates, campaigns=campaigns, clock=wired.clock)
            return campaign_view(campaign, {})

        made = once(session, caller=caller.key_id, key=key, request=draft, answer=CampaignView, act=act)
    response.headers.update({"Location": f"{router.prefix}/{made.id}", "ETag": etag(made.version)})
    return made


@router.get("/{campaign_id}", dependencies=[Requires("campaigns:read")], responses=with_headers(200, ETAG))
def get_campaign(campaign_id: CampaignId, wired: Wired, response: Response) -> CampaignReport:
    """A campaign, how far it has come, and why messages were skipped; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        campaign = SqlCampaigns(session).get(campaign_id)
        response.headers["ETag"] = etag(campaign.version)
        view = campaign_view(campaign, message_reading.counts_of(session, [campaign_id])[campaign_id])
        return CampaignReport(**view.model_dump(), skipped=message_reading.skipped_of(session, campaign_id))


@router.put("/{campaign_id}", dependencies=[Requires("campaigns:write")], responses=with_headers(200, ETAG))
def change_campaign(
    campaign_id: CampaignId, draft: CampaignDraft, wired: Wired, seen: SeenVersion, response: Response
) -> CampaignView:
    """Replace a draft, with the template's current version unless one is named. A launched one stays as it is."""
    with wired.database.transaction() as session:
        templates, campaigns = SqlTemplates(session), SqlCampaigns(session)
        campaign = replan_campaign(campaign_id, draft.plan(), templates=templates, campaigns=campaigns, seen=seen)
    response.headers["ETag"] = etag(campaign.version)
    return campaign_view(campaign, {})


@router.delete("/{campaign_id}", status_code=204, dependencies=[Requires("campaigns:write")])
def delete_campaign(campaign_id: CampaignId, wired: Wired, seen: SeenVersion) -> None:
    """Delete a draft. A launched campaign cannot be deleted, only cancelled."""
    with wired.database.transaction() as session:
        delete_draft(campaign_id, SqlCampaigns(session), seen=seen)


@router.get("/{campaign_id}/messages", dependencies=[Requires("messages:read")])
def list_messages(
    campaign_id: CampaignId,
    wired: Wired,
    paging: Paged,
    status: Annotated[MessageStatus | None, Query()] = None,
) -> Page[MessageView]:
    """The messages of a campaign, by profile id."""
    after = paging.after_id()
    with wired.database.reading() as session:
        SqlCampaigns(session).get(campaign_id)
        rows = message_reading.messages_of(session, campaign_id, status=status, after=after, limit=paging.limit + 1)
    return paging.page(rows, lambda row: MessageView.model_validate(row, from_attributes=True), by=("profile_id",))


@router.post("/{campaign_id}/preview", dependencies=[Requires("campaigns:read")])
def preview_campaign(campaign_id: CampaignId, reader: Reader, wired: Wired) -> RenderedView:
    """What a known customer, or a sample one, would read: the pinned template version, from the campaign's sender."""
    programme, contact = _written_for(wired, campaign_id, reader)
    return rendered_view(wired.write_letter.preview(programme, contact))


@router.post("/{campaign_id}/test-sends", dependencies=[Requires("campaigns:write")])
def send_test(campaign_id: CampaignId, draft: TrialDraft, wired: Wired) -> TrialView:
    """Send one letter, marked [Test], to an address of yours. Works in any status and is counted nowhere."""
    programme, contact = _written_for(wired, campaign_id, draft)
    return trial_view(wired.send_test(programme, contact, draft.to))


def _written_for(wired: Wiring, campaign_id: str, reader: Reader) -> tuple[Programme, Contact]:
    with wired.database.reading() as session:
        campaign = SqlCampaigns(session).get(campaign_id)
        version = SqlTemplates(session).version(campaign.template_id, campaign.template_version)
        return Programme(campaign, version), reader_of(session, reader)
