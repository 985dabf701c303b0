"""A campaign: one template to one segment, and the statuses it goes through.

::

    draft --launch--> scheduled --due--> preparing --audience complete--> sending --none open--> completed
                          |                  |                               |
                          +------ pause / resume (paused_from says where to) +
    any that has no audience yet --its segment is missing--> failed
    any but completed and failed --cancel--> cancelled
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
    FAILED = "failed"


DISPATCHING = (CampaignStatus.PREPARING, CampaignStatus.SENDING)
"""Statuses of campaigns whose messages go out."""
_RUNNING = (CampaignStatus.SCHEDULED, CampaignStatus.PREPARING, CampaignStatus.SENDING)
_ENDED_EARLY = (CampaignStatus.CANCELLED, CampaignStatus.FAILED)
_WITHOUT_AUDIENCE = (CampaignStatus.SCHEDULED, CampaignStatus.PREPARING)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a message is from: an address and the name shown beside it."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A decision to send `template_version` to whoever is in the segment when the audience is taken.

    `audience_id` is what profile was asked under for the segment, `audience_whole_at` when all of its answer was here;
    `failure` says why a campaign failed, `version` how often it was planned.
    """

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
    audience_id: str | None = None
    audience_whole_at: datetime | None = None
    failure: str | None = None
    version: int = 1

    @property
    def waiting_for(self) -> Literal["members"] | None:
        """What keeps a campaign that is due from going on."""
        waits = self.status is CampaignStatus.PREPARING and self.audience_whole_at is None
        return "members" if waits else None

    def still_draft(self, what: str) -> Campaign:
        """Itself, to be `what`. Raises TransitionRefused once it was launched or cancelled."""
        if self.status is not CampaignStatus.DRAFT:
            raise TransitionRefused(f"a {self.status} campaign cannot be {what}")
        return self

    def launch(self, now: datetime) -> Campaign:
        """Let it go, now or at `send_at`; one that was launched before stays as it is."""
        if self.status is not CampaignStatus.DRAFT:
            if self.launched_at is not None and self.status not in _ENDED_EARLY:
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
        """Go on where it was paused, after asking anew for what was waited for; a running one stays as it is."""
        if self.status in _RUNNING:
            return self
        if self.status is not CampaignStatus.PAUSED or self.paused_from is None:
            raise TransitionRefused(f"a {self.status} campaign cannot be resumed")
        return replace(self, status=self.paused_from, paused_from=None, audience_id=None)

    def cancel(self, now: datetime) -> Campaign:
        """End it; what is still queued is skipped."""
        if self.status is CampaignStatus.CANCELLED:
            return self
        if self.status in (CampaignStatus.COMPLETED, CampaignStatus.FAILED):
            raise TransitionRefused(f"a {self.status} campaign cannot be cancelled")
        return replace(self, status=CampaignStatus.CANCELLED, paused_from=None, completed_at=now)

    def fail(self, now: datetime, failure: str) -> Campaign:
        """Give it up while it waits for its audience; one that went further, or was cancelled, stays as it is."""
        if (self.paused_from or self.status) not in _WITHOUT_AUDIENCE or self.audience_whole_at is not None:
            return self
        return replace(self, status=CampaignStatus.FAILED, paused_from=None, completed_at=now, failure=failure)
