"""Campaigns as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.messaging.api.schemas.templates import Reader
from services.messaging.api.schemas.texts import ONE_LINE, Address, EmailAddress, Name
from services.messaging.domain.campaigns import Campaign, CampaignStatus, Kind, Sender
from services.messaging.domain.deliveries import LONGEST_REASON, Answer
from services.messaging.use_cases.change_campaigns import Plan
from services.messaging.use_cases.send_test import Trial
from shared.http.patterns import UUID
from shared.http.schemas import Moment, Schema


class SenderBody(Schema):
    """Whom the messages are from."""

    address: EmailAddress
    name: str | None = Field(None, min_length=1, max_length=100, pattern=ONE_LINE, examples=["The Shop"])


class CampaignDraft(Schema):
    """A template to a segment. The audience is taken when it is due; the template's version is pinned now."""

    name: Name = Field(examples=["Win back 2026-05"])
    segment_id: str = Field(pattern=UUID, examples=["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"])
    template_id: str = Field(pattern=UUID, examples=["0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"])
    template_version: int | None = Field(None, ge=1, le=1_000_000, description="the current one unless given")
    sender: SenderBody
    topic: str = Field("news", min_length=1, max_length=100, pattern=ONE_LINE, examples=["win-back"])
    kind: Kind = Field(
        "marketing",
        description="marketing respects opt-outs and is never sent twice; transactional is sent again when in doubt",
    )
    send_at: Moment | None = Field(None, description="earliest time to send; the launch unless given")

    def plan(self) -> Plan:
        """The same as the use case takes it."""
        return Plan(
            name=self.name,
            segment_id=self.segment_id,
            template_id=self.template_id,
            template_version=self.template_version,
            sender=Sender(self.sender.address, self.sender.name),
            kind=self.kind,
            topic=self.topic,
            send_at=self.send_at,
        )


class SenderView(BaseModel):
    """Whom the messages are from."""

    address: str
    name: str | None


class MessageCounts(BaseModel):
    """Messages by outcome; `queued` includes those being written, `skipped` were never attempted."""

    queued: int = 0
    sending: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0


class CampaignView(BaseModel):
    """A campaign. `preparing` while its audience is being taken, `completed` when every message is final."""

    id: str
    version: int = Field(1, description="how often it was planned")  # answers kept for idempotency may lack it
    name: str
    kind: Kind
    topic: str
    status: CampaignStatus
    segment_id: str
    template_id: str
    template_version: int
    sender: SenderView
    send_at: datetime | None
    created_at: datetime
    launched_at: datetime | None
    completed_at: datetime | None
    audience_size: int
    waiting_for: Literal["members"] | None = Field(
        None, description="`members` while a campaign that is due waits until all of its segment is known here"
    )
    reason: str | None = Field(None, description="why it failed: `no-segment` if profile has no such segment")
    messages: MessageCounts


class CampaignReport(CampaignView):
    """A campaign, and why messages of it were skipped."""

    skipped: dict[str, int] = Field(
        description="skipped messages by reason", examples=[{"no-address": 12, "malformed-address": 3}]
    )


class TrialDraft(Reader):
    """An address of yours, and for whom the letter is written: a known profile or a sample customer."""

    to: Address


class TrialView(BaseModel):
    """What the mail server answered. `lost` means that it may or may not have been taken."""

    message_id: str
    outcome: Answer
    reply: str = Field(description="the server's own words, or why it was out of reach")


def trial_view(sent: Trial) -> TrialView:
    """A test as the API shows it."""
    delivery = sent.delivery
    return TrialView(message_id=sent.message_id, outcome=delivery.answer, reply=delivery.reply[:LONGEST_REASON])


def campaign_view(campaign: Campaign, counts: Mapping[str, int]) -> CampaignView:
    """A campaign as the API shows it."""
    return CampaignView(
        id=campaign.campaign_id,
        version=campaign.version,
        name=campaign.name,
        kind=campaign.kind,
        topic=campaign.topic,
        status=campaign.status,
        segment_id=campaign.segment_id,
        template_id=campaign.template_id,
        template_version=campaign.template_version,
        sender=SenderView(address=campaign.sender.address, name=campaign.sender.name),
        send_at=campaign.send_at,
        created_at=campaign.created_at,
        launched_at=campaign.launched_at,
        completed_at=campaign.completed_at,
        audience_size=campaign.audience_size,
        waiting_for=campaign.waiting_for,
        reason=campaign.failure,
        messages=message_counts(counts),
    )


def message_counts(counts: Mapping[str, int]) -> MessageCounts:
    """Counts by status as the API tells them apart."""
    queued = counts.get("queued", 0) + counts.get("claimed", 0)
    return MessageCounts.model_validate({**counts, "queued": queued})
