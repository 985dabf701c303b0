"""The queue of endpoints that have something due, shared by any number of workers by the database's clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.holders import Holder
from services.events.adapters.sql.webhooks.rows import endpoint_from, failing_from
from services.events.adapters.sql.webhooks.tables import webhook_endpoints, webhook_lanes
from services.events.adapters.sql.webhooks.turns import let_go, pending_in, store_attempts
from services.events.use_cases.webhooks.ports import Finished, Lane
from shared.contracts.webhooks import WebhookEndpointDisabledV1
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.present import database_now

_lanes, _endpoints = webhook_lanes.c, webhook_endpoints.c


class SqlLanes:
    """The queue for one worker; a lane that it does not let go of in `seconds` is anybody's again."""

    def __init__(self, database: Database, outbox: Outbox, *, seconds: float) -> None:
        self._database = database
        self._outbox = outbox
        self._seconds = seconds
        self._holder = Holder(database, webhook_lanes)
        self._idle = False

    def lease(self, *, healthy: int, failing: int) -> Sequence[Lane]:
        """Take at most so many lanes that have something due, those that wait longest first."""
        self._holder.begin()
        if self._idle and not self._is_any_due():
            return []
        lanes = self._lease(healthy, failing)
        self._idle = not lanes
        return lanes

    def _is_any_due(self) -> bool:
        """Whether it is worth the turn of a writer, for which others wait."""
        with self._database.reading() as session:
            return session.execute(_ANY_DUE, {"now": database_now(session)}).first() is not None

    def _lease(self, healthy: int, failing: int) -> Sequence[Lane]:
        with self._database.transaction() as session:
            now = database_now(session)
            taken = _taken(session, _DUE.where(_lanes.failures == 0), now, healthy)
            taken += _taken(session, _DUE.where(_lanes.failures > 0), now, failing)
            if not taken:
                return []
            held = {"held_by": self._holder.id, "held_until": now + timedelta(seconds=self._seconds)}
            these = _lanes.endpoint_id.in_([row.id for row in taken])
            session.execute(update(webhook_lanes).where(these).values(held))
            pending = pending_in(session, [row.id for row in taken], now)
            return [
                Lane(
                    endpoint=endpoint_from(row),
                    failures=row.failures,
                    failing=failing_from(row),
                    pending=pending[row.id],
                )
                for row in taken
            ]

    def finish(self, finished: Sequence[Finished]) -> None:
        """Store what was done and let go of the lanes, in one transaction."""
        with self._database.transaction() as session:
            # First the locks: whoever posts a delivery holds one until it has committed, and is seen from then on.
            mine = self._locked(session, sorted(each.endpoint.id for each in finished))
            now = database_now(session)
            store_attempts(session, [one for each in finished for one in each.settled], now)
            self._disable(session, finished, now)
            let_go(session, [each for each in finished if each.endpoint.id in mine], now)

    def release_all(self) -> None:
        """Let go of everything that this worker still holds."""
        self._holder.end()

    def _locked(self, session: Session, endpoint_ids: Collection[str]) -> frozenset[str]:
        mine = _lanes.endpoint_id.in_(endpoint_ids) & (_lanes.held_by == self._holder.id)
        query = select(_lanes.endpoint_id).where(mine).order_by(_lanes.endpoint_id).with_for_update()
        return frozenset(session.scalars(query))

    def _disable(self, session: Session, finished: Sequence[Finished], now: datetime) -> None:
        for each in finished:
            if each.disable is None:
                continue
            live = update(webhook_endpoints).where(_endpoints.id == each.endpoint.id, _endpoints.disabled_at.is_(None))
            # A change by its owner since the lane was leased outweighs what the attempts met before it.
            live = live.where(_endpoints.version == each.endpoint.version)
            values = {"disabled_at": now, "disabled_reason": each.disable, "version": each.endpoint.version + 1}
            if session.execute(live.values(values).returning(_endpoints.id)).all():
                self._outbox.add(session, [_notice(each, each.disable, now)])


_NOW = bindparam("now", type_=_lanes.next_due_at.type)
_DUE = (
    select(webhook_endpoints, _lanes.failures, _lanes.failing_since, _lanes.failed_at, _lanes.tried_s)
    .join(webhook_lanes, _lanes.endpoint_id == _endpoints.id)
    .where(_lanes.next_due_at <= _NOW, _endpoints.disabled_at.is_(None))
    .where(_lanes.held_until.is_(None) | (_lanes.held_until <= _NOW))
    .where(_lanes.paused_until.is_(None) | (_lanes.paused_until <= _NOW))
    .order_by(_lanes.next_due_at)
)
"""Lanes that have something to send at `now`, and nobody at it."""
_ANY_DUE = _DUE.limit(1)
"""Asked twenty times a second by a worker that has nothing to do, and so made once."""


def _taken(session: Session, due: Select[Any], now: datetime, limit: int) -> list[Any]:
    if limit <= 0:
        return []
    locked = due.limit(limit).with_for_update(of=webhook_lanes, skip_locked=True)
    return list(session.execute(locked, {"now": now}))


def _notice(each: Finished, reason: str, now: datetime) -> WebhookEndpointDisabledV1:
    return WebhookEndpointDisabledV1(
        endpoint_id=each.endpoint.id,
        owner=each.endpoint.owner,
        host=urlsplit(each.endpoint.url).hostname or "",
        reason=reason,
        disabled_at=now,
    )
