"""What became of messages, as the fact that messaging publishes of each."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from shared.contracts.messaging import MessageDispatchedV1, Outcome

CHANNEL = "email"
_FINAL: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}


def dispatched(
    *,
    message_id: str,
    campaign_id: str,
    profile_id: str,
    outcome: str,
    at: datetime,
    attempts: int = 0,
    reason: str | None = None,
    traceparent: str | None = None,
) -> MessageDispatchedV1:
    """What became of one message, for good. Raises ValueError for a status that is not final."""
    if outcome not in _FINAL:
        raise ValueError(f"{outcome} is not final")
    return MessageDispatchedV1(
        message_id=message_id,
        campaign_id=campaign_id,
        profile_id=profile_id,
        channel=CHANNEL,
        outcome=_FINAL[outcome],
        at=at,
        attempts=attempts,
        reason=reason,
        traceparent=traceparent,
    )
