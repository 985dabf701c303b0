"""Two profiles turned out to be one customer: nobody gets one campaign twice for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import campaigns, messages
from services.messaging.domain.deliveries import NOT_SENT, MessageStatus, SkipReason
from services.messaging.use_cases.tell_outcomes import dispatched
from shared.outbox.outbox import Outbox
from shared.sql.present import database_now


def settle_doubles(session: Session, outbox: Outbox, *, merged: str, survivor: str) -> None:
    """Give the merged profile's messages to the survivor; where both have one of a campaign, skip one that is not
    with the mail server yet: one that waits before one that is being written.

    Where one of the two was skipped already, the survivor has the other.
    """
    rows = session.execute(
        select(messages, campaigns.c.traceparent)
        .join(campaigns, campaigns.c.id == messages.c.campaign_id)
        .where(messages.c.profile_id.in_([merged, survivor]))
        .with_for_update(of=messages)
    ).all()
    theirs = {row.campaign_id: row for row in rows if row.profile_id == survivor}
    for row in (row for row in rows if row.profile_id == merged):
        other = theirs.get(row.campaign_id)
        if other is None:
            session.execute(update(messages).where(messages.c.id == row.id).values(profile_id=survivor))
            continue
        if MessageStatus.SKIPPED in (row.status, other.status):
            if row.status != MessageStatus.SKIPPED:
                _exchange(session, row, other)
            continue
        double = next((each for status in NOT_SENT for each in (row, other) if each.status == status), None)
        if double is not None:
            now = database_now(session)
            values = {
                "status": MessageStatus.SKIPPED,
                "reason": SkipReason.MERGED,
                "claimed_by": None,
                "settled_at": now,
            }
            session.execute(update(messages).where(messages.c.id == double.id).values(values))
            fact = dispatched(
                message_id=double.id,
                campaign_id=double.campaign_id,
                profile_id=double.profile_id,
                outcome=MessageStatus.SKIPPED,
                at=now,
                attempts=double.attempts,
                reason=SkipReason.MERGED,
                traceparent=double.traceparent,
            )
            outbox.add(session, [fact])


def _exchange(session: Session, one: Row[Any], other: Row[Any]) -> None:
    """Give each message the other's profile; a profile has one of a campaign at any moment."""
    for message_id, profile_id in ((other.id, other.id), (one.id, other.profile_id), (other.id, one.profile_id)):
        session.execute(update(messages).where(messages.c.id == message_id).values(profile_id=profile_id))
