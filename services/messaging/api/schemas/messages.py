"""Messages as the API shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.messaging.api.schemas.templates import RenderedView
from services.messaging.domain.deliveries import MessageStatus


class MessageView(BaseModel):
    """One message to one customer. `reason` is the server's reply or why it was skipped; `due_at` the next attempt."""

    id: str
    campaign_id: str
    profile_id: str
    status: MessageStatus
    attempts: int
    reason: str | None
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


class MessageDetail(MessageView):
    """A message with its text, as written from what is known of the customer now."""

    rendered: RenderedView | None
    render_problem: str | None = Field(description="why there is no text")
