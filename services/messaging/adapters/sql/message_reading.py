"""What the API reads of messages: counts, lists, single ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, literal_column, select
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.read_copies import contact_from
from services.messaging.adapters.sql.tables import contacts, merges, messages
from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import MessageStatus, SkipReason
from services.messaging.domain.errors import ContactNotFound, MessageNotFound


def counts_of(session: Session, campaign_ids: Collection[str]) -> Mapping[str, Mapping[str, int]]:
    """Messages by status, for each campaign."""
    query = (
        select(messages.c.campaign_id, messages.c.status, func.count())
        .where(messages.c.campaign_id.in_(sorted(campaign_ids)))
        .group_by(messages.c.campaign_id, messages.c.status)
    )
    counts: dict[str, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, status, number in session.execute(query):
        counts[campaign_id][status] = number
    return counts


def skipped_of(session: Session, campaign_id: str) -> Mapping[str, int]:
    """Skipped messages of a campaign by reason; an erasure leaves no other reason than itself."""
    # Not a parameter: PostgreSQL would take the one in GROUP BY for another than the one that is selected.
    reason = func.coalesce(messages.c.reason, literal_column(f"'{SkipReason.ERASED}'"))
    skipped = (messages.c.campaign_id == campaign_id) & (messages.c.status == MessageStatus.SKIPPED)
    rows = session.execute(select(reason, func.count()).where(skipped).group_by(reason))
    return {row[0]: row[1] for row in rows}


def messages_of(
    session: Session, campaign_id: str, *, status: MessageStatus | None, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Messages of a campaign by profile id, after the profile `after`."""
    query = select(messages).where(messages.c.campaign_id == campaign_id).order_by(messages.c.profile_id).limit(limit)
    if status is not None:
        query = query.where(messages.c.status == status)
    if after is not None:
        query = query.where(messages.c.profile_id > after)
    return session.execute(query).all()


def message(session: Session, message_id: str) -> Row[Any]:
    """One message. Raises MessageNotFound."""
    row = session.execute(select(messages).where(messages.c.id == message_id)).first()
    if row is None:
        raise MessageNotFound(f"there is no message {message_id}")
    return row


def contact(session: Session, profile_id: str) -> Contact:
    """One customer, found under a merged id too. Raises ContactNotFound."""
    survivor = select(merges.c.survivor_id).where(merges.c.merged_id == profile_id)
    now_id = session.execute(survivor).scalar_one_or_none() or profile_id
    row = session.execute(select(contacts).where(contacts.c.profile_id == now_id)).first()
    if row is None:
        raise ContactNotFound(f"profile {profile_id} is not known here")
    return contact_from(row)
