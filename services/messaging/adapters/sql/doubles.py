"""Two profiles turned out to be one customer: nobody gets one campaign twice for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.skipping import skip
from services.messaging.adapters.sql.tables import campaigns, messages
from services.messaging.domain.deliveries import NOT_SENT, MessageStatus, SkipReason
from shared.outbox.outbox import Outbox


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
        else:
            _settle_pair(session, outbox, row, other)


def _settle_pair(session: Session, outbox: Outbox, row: Row[Any], other: Row[Any]) -> None:
    """Two messages of one campaign, of which `other` is the survivor's."""
    if MessageStatus.SKIPPED in (row.status, other.status):
        if row.status != MessageStatus.SKIPPED:
            _exchange(session, row, other)
        return
    double = next((each for status in NOT_SENT for each in (row, other) if each.status == status), None)
    if double is not None:
        skip(session, outbox, [double], SkipReason.MERGED)


def _exchange(session: Session, one: Row[Any], other: Row[Any]) -> None:
    """Give each message the other's profile; a profile has one of a campaign at any moment."""
    for message_id, profile_id in ((other.id, other.id), (one.id, other.profile_id), (other.id, one.profile_id)):
        session.execute(update(messages).where(messages.c.id == message_id).values(profile_id=profile_id))
