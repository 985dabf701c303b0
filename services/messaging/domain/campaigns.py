"""A campaign: one template to one segment, and the statuses it goes through.

::

    draft --launch--> scheduled --due--> preparing --audience complete--> sending --none open--> completed
                          |                  |                               |
                          +------ pause / resume (paused_from says where to) +
    any but completed --cancel--> cancelled
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.messaging.domain.errors import TransitionRefused

Kind = Literal["marketing", "transactional"]


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    SENDING = "sending"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_RUNNING = (CampaignStatus.SCHEDULED, CampaignStatus.PREPARING, CampaignStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a message is from: an address and the name shown beside it."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A decision to send `template_version` to whoever is in the segment when the audience is taken."""

    campaign_id: str
    name: str
    kind: Kind
    topic: str
    segment_id: str
    template_id: str
    template_version: int
    sender: Sender
    created_at: datetime
    status: CampaignStatus = CampaignStatus.DRAFT
    send_at: datetime | None = None
    launched_at: datetime | None = None
    completed_at: datetime | None = None
    paused_from: CampaignStatus | None = None
    audience_size: int = 0

    def launch(self, now: datetime) -> Campaign:
        """Let it go, now or at `send_at`; one that was launched before stays as it is."""
        if self.status is not CampaignStatus.DRAFT:
            if self.launched_at is not None and self.status is not CampaignStatus.CANCELLED:
                return self
            raise TransitionRefused(f"a {self.status} campaign cannot be launched")
        return replace(self, status=CampaignStatus.SCHEDULED, launched_at=now)

    def pause(self) -> Campaign:
        """Hold it; messages that are with the mail server already go out."""
        if self.status is CampaignStatus.PAUSED:
            return self
        if self.status not in _RUNNING:
            raise TransitionRefused(f"a {self.status} campaign cannot be paused")
        return replace(self, status=CampaignStatus.PAUSED, paused_from=self.status)

    def resume(self) -> Campaign:
        """Go on where it was paused; a running one stays as it is."""
        if self.status in _RUNNING:
            return self
        if self.status is not CampaignStatus.PAUSED or self.paused_from is None:
            raise TransitionRefused(f"a {self.status} campaign cannot be resumed")
        return replace(self, status=self.paused_from, paused_from=None)

    def cancel(self, now: datetime) -> Campaign:
        """End it; what is still queued is skipped."""
        if self.status is CampaignStatus.CANCELLED:
            return self
        if self.status is CampaignStatus.COMPLETED:
            raise TransitionRefused("a completed campaign cannot be cancelled")
        return replace(self, status=CampaignStatus.CANCELLED, paused_from=None, completed_at=now)
