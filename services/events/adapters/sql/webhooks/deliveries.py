"""Webhook deliveries as their owner sees them, and sending them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, select, true, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.mailbox import wake
from services.events.adapters.sql.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_lanes,
    webhook_messages,
    webhook_replays,
)
from services.events.domain.owners import Owner
from services.events.domain.webhooks.errors import DeliveryNotFound
from shared.ids import first_id_at
from shared.sql.present import database_now

_c = webhook_deliveries.c
_SHOWN = (_c.id, _c.endpoint_id, _c.event_type, _c.state, _c.attempts, _c.due_at, _c.created_at, _c.finished_at)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one event at one endpoint; `due_at` is when it is tried next, while it is pending.

    `created_at` is when it was posted, or posted anew by a replay.
    """

    id: str
    endpoint_id: str
    event_type: str
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and its answer."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    response: str


class SqlDeliveries:
    """The deliveries to endpoints of `owner` in the session's transaction."""

    def __init__(self, session: Session, owner: Owner) -> None:
        self._session = session
        self._mine: ColumnElement[bool] = true() if owner.id is None else _c.owner == owner.id

    def page(self, endpoint_id: str, *, state: str | None, limit: int, before: str | None) -> Sequence[Delivery]:
        """Deliveries to one endpoint, newest first, from behind the id `before`."""
        query = select(*_SHOWN).where(_c.endpoint_id == endpoint_id, self._mine).order_by(_c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(_c.state == state)
        if before is not None:
            query = query.where(_c.id < before)
        return [Delivery(*row) for row in self._session.execute(query)]

    def get(self, delivery_id: str) -> Delivery:
        """One delivery. Raises DeliveryNotFound."""
        row = self._session.execute(select(*_SHOWN).where(_c.id == delivery_id, self._mine)).one_or_none()
        if row is None:
            raise DeliveryNotFound(f"no webhook delivery {delivery_id}")
        return Delivery(*row)

    def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """What was tried for a delivery that was got, oldest first."""
        a = webhook_attempts.c
        query = select(a.at, a.duration_ms, a.status, a.error, a.excerpt).where(a.delivery_id == delivery_id)
        return [Attempt(*row) for row in self._session.execute(query.order_by(a.id))]

    def body(self, delivery_id: str) -> bytes:
        """What is sent for a delivery that was got."""
        m = webhook_messages.c
        query = select(m.body).join(webhook_deliveries, _c.message_id == m.id).where(_c.id == delivery_id)
        return bytes(self._session.scalars(query).one())

    def resend(self, delivery: Delivery) -> None:
        """Send it now, whatever became of it; the schedule begins anew, the webhook-id stays."""
        self._send_again(_c.id == delivery.id, [delivery.endpoint_id])

    def recover(self, endpoint_id: str, *, since: datetime) -> int:
        """Send again what failed of the events since then; how many."""
        failed = (_c.endpoint_id == endpoint_id) & (_c.state == "failed") & (_c.created_at >= since)
        return self._send_again(failed, [endpoint_id])

    def _send_again(self, which: ColumnElement[bool], endpoint_ids: Sequence[str]) -> int:
        anew = {"state": "pending", "step": 0, "due_at": database_now(self._session), "finished_at": None}
        wake(self._session, endpoint_ids)
        lanes = update(webhook_lanes).where(webhook_lanes.c.endpoint_id.in_(endpoint_ids))
        self._session.execute(lanes.values(paused_until=None))  # who asks knows better than the last Retry-After
        done = self._session.execute(update(webhook_deliveries).where(which, self._mine).values(anew))
        return int(cast(CursorResult[Any], done).rowcount)


def forget_deliveries(session: Session, *, keep: timedelta) -> None:
    """Drop what was posted longer ago than `keep`, with its attempts; ids begin with their time (UUIDv7).

    A delivery's id has the time of its fact, and a replay may have posted it much later.
    """
    before = database_now(session) - keep
    oldest = first_id_at(before)
    session.execute(delete(webhook_deliveries).where(_c.id < oldest, _c.created_at < before))
    for table in (webhook_attempts, webhook_messages, webhook_replays):
        session.execute(delete(table).where(table.c.id < oldest))
