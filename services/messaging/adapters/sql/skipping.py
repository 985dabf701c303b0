"""Skipping messages that are not to be sent any more, and telling so in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import messages
from services.messaging.domain.deliveries import MessageStatus, SkipReason
from services.messaging.use_cases.tell_outcomes import dispatched
from shared.outbox.outbox import Outbox
from shared.sql.present import database_now


def skip(
    session: Session,
    outbox: Outbox,
    rows: Sequence[Row[Any]],
    reason: SkipReason,
    *,
    told_of: Callable[[Row[Any]], str] = lambda row: row.profile_id,
) -> None:
    """Skip messages, which are locked; each row has the traceparent of its campaign, and `told_of` says whose it is."""
    now = database_now(session)
    values = {"status": MessageStatus.SKIPPED, "reason": reason, "claimed_by": None, "settled_at": now}
    session.execute(update(messages).where(messages.c.id.in_([row.id for row in rows])).values(values))
    outbox.add(
        session,
        [
            dispatched(
                message_id=row.id,
                campaign_id=row.campaign_id,
                profile_id=told_of(row),
                outcome=MessageStatus.SKIPPED,
                at=now,
                attempts=row.attempts,
                reason=reason,
                traceparent=row.traceparent,
            )
            for row in rows
        ],
    )
