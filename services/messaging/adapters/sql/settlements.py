"""What became of messages, stored by whoever owns them, and told once it is final."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, String, bindparam, case, literal, null, or_, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.campaigns import traces_of
from services.messaging.adapters.sql.suppressions import SqlSuppressions
from services.messaging.adapters.sql.tables import messages
from services.messaging.domain.deliveries import FINAL, MessageStatus, Settlement, stand_in
from services.messaging.use_cases.tell_outcomes import dispatched
from shared.contracts.messaging import MessageDispatchedV1
from shared.outbox.outbox import Outbox
from shared.sql.present import database_now

_m = messages.c
_TOLD = (_m.id, _m.campaign_id, _m.profile_id, _m.status, _m.attempts, _m.reason)


def owned_by(owner: str | BindParameter[str]) -> ColumnElement[bool]:
    """Messages that this sender claimed and that are not settled yet."""
    return (_m.claimed_by == owner) & or_(_m.status == MessageStatus.CLAIMED, _m.status == MessageStatus.SENDING)


def _unless_erased(reason: ColumnElement[str | None]) -> ColumnElement[str | None]:
    """What a mail server says may name whom it refused."""
    return case((_m.profile_id.startswith(stand_in("")), null()), else_=reason)


_REQUEUE = (
    update(messages)
    .where(_m.id == bindparam("this"), owned_by(bindparam("owner")))
    .values(
        status=MessageStatus.QUEUED,
        claimed_by=None,
        attempts=bindparam("now_attempts"),
        reason=_unless_erased(bindparam("now_reason", type_=String)),
        due_at=bindparam("now_due"),
    )
)


def record_settlements(session: Session, outbox: Outbox, settlements: Sequence[Settlement], *, owner: str) -> None:
    """Record the settlements of messages that `owner` has still, and tell the final ones; each once."""
    by_id = {each.message_id: each for each in settlements}
    if not by_id:
        return
    now = database_now(session)
    final = [each for each in by_id.values() if each.status in FINAL]
    outbox.add(session, _finish(session, final, owner=owner, now=now))
    bounced = {each.bounced: each.message_id for each in final if each.bounced is not None}
    SqlSuppressions(session, outbox).add_bounced(bounced, at=now)
    again = [_requeued(each, owner, now) for each in by_id.values() if each.status not in FINAL]
    if again:
        session.connection().execute(_REQUEUE, again)


def _requeued(settlement: Settlement, owner: str, now: datetime) -> dict[str, Any]:
    return {
        "this": settlement.message_id,
        "owner": owner,
        "now_attempts": settlement.attempts,
        "now_reason": settlement.reason,
        "now_due": now + timedelta(seconds=settlement.retry_in_s or 0.0),
    }


def _finish(
    session: Session, settlements: Sequence[Settlement], *, owner: str, now: datetime
) -> list[MessageDispatchedV1]:
    """Messages that became the same are stored by one statement; the facts of those still owned."""
    rows: list[Row[Any]] = []
    for (status, attempts, reason), same in groupby(sorted(settlements, key=_became), key=_became):
        these = _m.id.in_([each.message_id for each in same]) & owned_by(owner)
        said = _unless_erased(literal(reason or None, String))
        values = {"status": status, "attempts": attempts, "reason": said, "settled_at": now}
        ended = update(messages).where(these).values(claimed_by=None, **values)
        rows.extend(session.execute(ended.returning(*_TOLD)).all())
    traces = traces_of(session, {row.campaign_id for row in rows})
    return [
        dispatched(
            message_id=row.id,
            campaign_id=row.campaign_id,
            profile_id=row.profile_id,
            outcome=row.status,
            at=now,
            attempts=row.attempts,
            reason=row.reason,
            traceparent=traces[row.campaign_id],
        )
        for row in rows
    ]


def _became(settlement: Settlement) -> tuple[str, int, str]:
    return settlement.status, settlement.attempts, settlement.reason or ""
