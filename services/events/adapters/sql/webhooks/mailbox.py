"""Where deliveries are put: a row for each endpoint, and a sign on its lane that something is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.tables import (
    webhook_deliveries,
    webhook_endpoints,
    webhook_lanes,
    webhook_messages,
)
from services.events.domain.webhooks.identity import delivery_id
from services.events.use_cases.webhooks.ports import Listener, Message
from shared.batched import batched
from shared.ids import new_id
from shared.sql.present import database_now
from shared.sql.upsert import insert_for

_A_PAGE = 2_000
_lanes = webhook_lanes.c
_now = bindparam("now", type_=_lanes.next_due_at.type)
# Always an update, also where it changes nothing: only so does it wait for a worker that is about to let go of the
# lane and would otherwise not see the new delivery.
_WAKE = (
    update(webhook_lanes)
    .where(_lanes.endpoint_id == bindparam("lane"))
    .values(next_due_at=case((_lanes.next_due_at <= _now, _lanes.next_due_at), else_=_now))
)


class SqlMailbox:
    """Deliveries in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def listeners(self) -> Sequence[Listener]:
        """Every endpoint that is not disabled."""
        e = webhook_endpoints.c
        query = select(e.id, e.owner, e.event_types).where(e.disabled_at.is_(None))
        return [Listener(row.id, row.owner, frozenset(row.event_types)) for row in self._session.execute(query)]

    def post(self, messages: Sequence[Message]) -> None:
        """A delivery for each listener of each message, in order; of what a listener was told before, none."""
        once = insert_for(self._session, webhook_deliveries).on_conflict_do_nothing()
        put(self._session, messages, once)


def put(session: Session, messages: Sequence[Message], statement: Executable, *, replay_id: str | None = None) -> None:
    """Keep the bodies of `messages`, and by `statement` a delivery for each of their listeners."""
    if not messages:
        return
    now = database_now(session)
    bodies = [{"id": new_id(), "body": message.body} for message in messages]
    wake(session, {listener.endpoint_id for message in messages for listener in message.listeners})
    session.execute(insert(webhook_messages), bodies)
    for page in batched(_deliveries(messages, bodies, now, replay_id), _A_PAGE):
        session.connection().execute(statement, page)


def _deliveries(
    messages: Sequence[Message], bodies: Sequence[Mapping[str, Any]], now: datetime, replay_id: str | None
) -> Iterator[dict[str, Any]]:
    """A row for each listener of each message: one after the other, for many may listen to everything."""
    return (
        {
            "id": delivery_id(listener.endpoint_id, message.fact, happened=message.happened),
            "endpoint_id": listener.endpoint_id,
            "owner": listener.owner,
            "message_id": body["id"],
            "event_type": message.event_type,
            "state": "pending",
            "attempts": 0,
            "step": 0,
            # All due by now, and a microsecond apart, so that they are sent in this order.
            "due_at": now - timedelta(microseconds=left),
            "created_at": now,
            "replay_id": replay_id,
        }
        for left, message, body in zip(range(len(messages) - 1, -1, -1), messages, bodies, strict=True)
        for listener in message.listeners
    )


def wake(session: Session, endpoint_ids: Iterable[str]) -> None:
    """Mark lanes as due, in one order and before their deliveries are touched.

    So two who do it, and a worker that stores what it did, wait for each other and never for ever.
    """
    now = database_now(session)
    rows = [{"lane": endpoint_id, "now": now} for endpoint_id in sorted(endpoint_ids)]
    if rows:
        session.connection().execute(_WAKE, rows)
