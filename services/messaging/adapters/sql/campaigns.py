"""Campaigns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import campaigns
from services.messaging.domain.campaigns import Campaign, CampaignStatus, Sender
from services.messaging.domain.errors import CampaignNotFound


class SqlCampaigns:
    """Campaigns, in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, campaign: Campaign) -> None:
        """Store a new campaign."""
        values = {**_changing(campaign), **_fixed(campaign), "audience_cursor": "", "audience_size": 0}
        self._session.execute(insert(campaigns).values(values))

    def replace(self, campaign: Campaign) -> None:
        """Store the draft as it is planned now."""
        mine = campaigns.c.id == campaign.campaign_id
        self._session.execute(update(campaigns).where(mine).values(_fixed(campaign)))

    def remove(self, campaign: Campaign) -> None:
        """Forget a draft, which has no messages."""
        self._session.execute(delete(campaigns).where(campaigns.c.id == campaign.campaign_id))

    def get(self, campaign_id: str) -> Campaign:
        """One campaign. Raises CampaignNotFound."""
        row = self._session.execute(select(campaigns).where(campaigns.c.id == campaign_id)).first()
        return _found(row, campaign_id)

    def lock(self, campaign_id: str) -> Campaign:
        """One campaign, which stays as it is until the transaction ends. Raises CampaignNotFound."""
        query = select(campaigns).where(campaigns.c.id == campaign_id).with_for_update()
        return _found(self._session.execute(query).first(), campaign_id)

    def lock_asking(self, audience_id: str) -> Campaign | None:
        """The campaign that asked for its segment under this id last, locked; None when there is none."""
        query = select(campaigns).where(campaigns.c.audience_id == audience_id).with_for_update()
        row = self._session.execute(query).first()
        return None if row is None else campaign_from(row)

    def save(self, campaign: Campaign, *, traceparent: str | None = None) -> None:
        """Store what changed; `traceparent` is that of the launch, which the messages' facts carry on."""
        values = _changing(campaign)
        if traceparent is not None:
            values["traceparent"] = traceparent
        self._session.execute(update(campaigns).where(campaigns.c.id == campaign.campaign_id).values(values))

    def page(self, *, status: CampaignStatus | None, after: str | None, limit: int) -> list[Campaign]:
        """Campaigns newest first, before the id `after`; of one status where it is given."""
        query = select(campaigns).order_by(campaigns.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(campaigns.c.status == status)
        if after is not None:
            query = query.where(campaigns.c.id < after)
        return [campaign_from(row) for row in self._session.execute(query)]


def campaign_from(row: Row[Any]) -> Campaign:
    """A row of `campaigns` as the domain knows it."""
    return Campaign(
        campaign_id=row.id,
        name=row.name,
        kind=row.kind,
        topic=row.topic,
        segment_id=row.segment_id,
        template_id=row.template_id,
        template_version=row.template_version,
        sender=Sender(row.sender_address, row.sender_name),
        created_at=row.created_at,
        status=CampaignStatus(row.status),
        send_at=row.send_at,
        launched_at=row.launched_at,
        completed_at=row.completed_at,
        paused_from=CampaignStatus(row.paused_from) if row.paused_from else None,
        audience_size=row.audience_size,
        audience_id=row.audience_id,
        audience_whole_at=row.audience_whole_at,
        failure=row.failure,
        version=row.version,
    )


def traces_of(session: Session, campaign_ids: Collection[str]) -> Mapping[str, str | None]:
    """The trace of each campaign's launch, which its messages' facts carry on."""
    asked = select(campaigns.c.id, campaigns.c.traceparent).where(campaigns.c.id.in_(sorted(campaign_ids)))
    return {row.id: row.traceparent for row in session.execute(asked)} if campaign_ids else {}


def _found(row: Row[Any] | None, campaign_id: str) -> Campaign:
    if row is None:
        raise CampaignNotFound(f"there is no campaign {campaign_id}")
    return campaign_from(row)


def _fixed(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.campaign_id,
        "name": campaign.name,
        "kind": campaign.kind,
        "topic": campaign.topic,
        "segment_id": campaign.segment_id,
        "template_id": campaign.template_id,
        "template_version": campaign.template_version,
        "sender_address": campaign.sender.address,
        "sender_name": campaign.sender.name,
        "send_at": campaign.send_at,
        "created_at": campaign.created_at,
        "version": campaign.version,
    }


def _changing(campaign: Campaign) -> dict[str, Any]:
    return {
        "status": campaign.status,
        "paused_from": campaign.paused_from,
        "launched_at": campaign.launched_at,
        "completed_at": campaign.completed_at,
        "audience_id": campaign.audience_id,
        "failure": campaign.failure,
    }
