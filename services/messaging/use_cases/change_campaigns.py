"""Plans campaigns, changes and deletes drafts, and moves campaigns through their statuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.messaging.domain.addresses import parse_address
from services.messaging.domain.campaigns import Campaign, Kind, Sender
from services.messaging.use_cases.ports import Campaigns, Templates
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import check_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a marketer asks for; the template's current version is pinned unless one is named."""

    name: str
    segment_id: str
    template_id: str
    sender: Sender
    kind: Kind
    topic: str
    template_version: int | None = None
    send_at: datetime | None = None


def plan_campaign(plan: Plan, *, templates: Templates, campaigns: Campaigns, clock: Clock) -> Campaign:
    """A new draft. Raises TemplateNotFound, AddressInvalid."""
    campaign = _draft(plan, templates, campaign_id=new_id(), created_at=clock())
    campaigns.add(campaign)
    return campaign


def replan_campaign(
    campaign_id: str, plan: Plan, *, templates: Templates, campaigns: Campaigns, seen: int | None = None
) -> Campaign:
    """The draft, planned anew. Raises CampaignNotFound, TransitionRefused, TemplateNotFound, AddressInvalid;
    VersionConflict when it is not at the version `seen`.
    """
    before = campaigns.lock(campaign_id).still_draft("changed")
    check_seen(seen, current=before.version)
    draft = _draft(plan, templates, campaign_id=campaign_id, created_at=before.created_at)
    after = replace(draft, version=before.version + 1)
    campaigns.replace(after)
    return after


def delete_draft(campaign_id: str, campaigns: Campaigns, *, seen: int | None = None) -> None:
    """Forget a campaign that was never launched. Raises CampaignNotFound, TransitionRefused, VersionConflict."""
    draft = campaigns.lock(campaign_id).still_draft("deleted")
    check_seen(seen, current=draft.version)
    campaigns.remove(draft)


def change_campaign(
    campaigns: Campaigns,
    campaign_id: str,
    change: Callable[[Campaign], Campaign],
    *,
    seen: int | None = None,
    traceparent: str | None = None,
) -> Campaign:
    """Apply one of the campaign's own transitions. Raises CampaignNotFound, TransitionRefused, VersionConflict."""
    before = campaigns.lock(campaign_id)
    check_seen(seen, current=before.version)
    after = change(before)
    if after is not before:
        campaigns.save(after, traceparent=traceparent)
    return after


def _draft(plan: Plan, templates: Templates, *, campaign_id: str, created_at: datetime) -> Campaign:
    parse_address(plan.sender.address)
    template = templates.get(plan.template_id)
    version = plan.template_version or template.current.version
    templates.version(plan.template_id, version)
    return Campaign(
        campaign_id=campaign_id,
        name=plan.name,
        kind=plan.kind,
        topic=plan.topic,
        segment_id=plan.segment_id,
        template_id=plan.template_id,
        template_version=version,
        sender=plan.sender,
        created_at=created_at,
        send_at=plan.send_at,
    )
