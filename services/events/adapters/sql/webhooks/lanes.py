"""The queue of endpoints that have something due, shared by any number of workers by the database's clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.rows import endpoint_from
from services.events.adapters.sql.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_lanes,
    webhook_messages,
    webhook_replays,
)
from services.events.domain.webhooks.retries import Verdict
from services.events.use_cases.webhooks.ports import Finished, Lane, Pending, Settled
from shared.contracts.webhooks import WebhookEndpointDisabledV1
from shared.ids import new_id
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.present import database_now

_lanes, _deliveries, _endpoints = webhook_lanes.c, webhook_deliveries.c, webhook_endpoints.c
_A_TURN = 50
_STATES = {
    Verdict.DELIVERED: "delivered",
    Verdict.RETRY: "pending",
    Verdict.FAILED: "failed",
    Verdict.GONE: "failed",
}


class SqlLanes:
    """The queue for one worker; a lane that it does not let go of in `seconds` is anybody's again."""

    def __init__(self, database: Database, outbox: Outbox, *, seconds: float) -> None:
        self._database = database
        self._outbox = outbox
        self._seconds = seconds
        self._me = new_id()
        self._idle = False

    def lease(self, *, healthy: int, failing: int) -> Sequence[Lane]:
        """Take at most so many lanes that have something due, those that wait longest first."""
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
            held = {"held_by": self._me, "held_until": now + timedelta(seconds=self._seconds)}
            these = _lanes.endpoint_id.in_([row.id for row in taken])
            session.execute(update(webhook_lanes).where(these).values(held))
            replayed = _replayed(session, [row.id for row in taken], now)
            return [
                Lane(
                    endpoint=endpoint_from(row),
                    failures=row.failures,
                    failing_since=row.failing_since,
                    pending=[*_pending(session, row.id, now), *replayed.get(row.id, ())][:_A_TURN],
                )
                for row in taken
            ]

    def finish(self, finished: Sequence[Finished]) -> None:
        """Store what was done and let go of the lanes, in one transaction."""
        with self._database.transaction() as session:
            # First the locks: whoever posts a delivery holds one until it has committed, and is seen from then on.
            mine = self._locked(session, sorted(each.endpoint.id for each in finished))
            now = database_now(session)
            _store(session, [one for each in finished for one in each.settled], now)
            self._disable(session, finished, now)
            _let_go(session, [each for each in finished if each.endpoint.id in mine], now)

    def release_all(self) -> None:
        """Let go of everything that this worker still holds."""
        with self._database.transaction() as session:
            mine = update(webhook_lanes).where(_lanes.held_by == self._me)
            session.execute(mine.values(held_by=None, held_until=None))

    def _locked(self, session: Session, endpoint_ids: Collection[str]) -> frozenset[str]:
        mine = _lanes.endpoint_id.in_(endpoint_ids) & (_lanes.held_by == self._me)
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
    select(webhook_endpoints, _lanes.failures, _lanes.failing_since)
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


def _pending(session: Session, endpoint_id: str, now: datetime) -> Sequence[Pending]:
    rows = session.connection().execute(_PENDING, {"lane": endpoint_id, "now": now})
    return [_waiting(row) for row in rows]


def _replayed(session: Session, endpoint_ids: Sequence[str], now: datetime) -> Mapping[str, Sequence[Pending]]:
    """What replays have put into these lanes; it is sent when nothing live is due."""
    found: dict[str, list[Pending]] = {}
    for row in session.execute(_REPLAYED, {"lanes": endpoint_ids, "now": now}):
        found.setdefault(row.endpoint_id, []).append(_waiting(row))
    return found


def _waiting(row: Any) -> Pending:
    return Pending(id=row.id, body=bytes(row.body), step=row.step, attempts=row.attempts)


def _store(session: Session, settled: Sequence[Settled], now: datetime) -> None:
    if not settled:
        return
    session.execute(insert(webhook_attempts), [_attempt(one) for one in settled])
    changes = sorted((_change(one, now) for one in settled), key=lambda change: str(change["this"]))
    session.connection().execute(_SETTLE, changes)


def _let_go(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    if not finished:
        return
    these = _lanes.endpoint_id.in_([each.endpoint.id for each in finished])
    due = {row[0]: row[1] for row in session.execute(select(_lanes.endpoint_id, _EARLIEST).where(these))}
    rows = [
        {
            "lane": each.endpoint.id,
            "now_due": due[each.endpoint.id],
            "now_paused": now + timedelta(seconds=each.pause_s) if each.pause_s else None,
            "now_failures": each.failures,
            "now_failing": each.failing_since,
        }
        for each in sorted(finished, key=lambda each: each.endpoint.id)
    ]
    session.connection().execute(_LET_GO, rows)


def _attempt(one: Settled) -> dict[str, Any]:
    return {
        "id": new_id(),
        "delivery_id": one.pending.id,
        "at": one.at,
        "duration_ms": one.answer.duration_ms,
        "status": one.answer.status,
        "error": one.answer.error,
        "excerpt": one.answer.excerpt,
    }


def _change(one: Settled, now: datetime) -> dict[str, Any]:
    again = one.retry_in_s is not None
    return {
        "this": one.pending.id,
        "seen_attempts": one.pending.attempts,
        "now_state": _STATES[one.verdict],
        "now_step": one.pending.step + 1,
        "now_due": now + timedelta(seconds=one.retry_in_s or 0.0),
        "now_finished": None if again else now,
    }


def _notice(each: Finished, reason: str, now: datetime) -> WebhookEndpointDisabledV1:
    return WebhookEndpointDisabledV1(
        endpoint_id=each.endpoint.id,
        owner=each.endpoint.owner,
        host=urlsplit(each.endpoint.url).hostname or "",
        reason=reason,
        disabled_at=now,
    )


_PENDING = (
    select(_deliveries.id, _deliveries.step, _deliveries.attempts, webhook_messages.c.body)
    .join(webhook_messages, webhook_messages.c.id == _deliveries.message_id)
    .where(
        _deliveries.endpoint_id == bindparam("lane"),
        _deliveries.state == "pending",
        _deliveries.due_at <= bindparam("now", type_=_deliveries.due_at.type),
        _deliveries.replay_id.is_(None),
    )
    .order_by(_deliveries.due_at, _deliveries.id)
    .limit(_A_TURN)
)
# Bodies are read for one turn at most, whatever waits: numbered first, joined then.
_NUMBERED = (
    select(
        _deliveries.id,
        _deliveries.endpoint_id,
        _deliveries.step,
        _deliveries.attempts,
        _deliveries.message_id,
        func.row_number()
        .over(partition_by=_deliveries.endpoint_id, order_by=(_deliveries.due_at, _deliveries.id))
        .label("number"),
    )
    .join(webhook_replays, webhook_replays.c.id == _deliveries.replay_id)
    .where(
        webhook_replays.c.endpoint_id.in_(bindparam("lanes", expanding=True)),
        _deliveries.state == "pending",
        _deliveries.due_at <= bindparam("now", type_=_deliveries.due_at.type),
    )
    .subquery()
)
_REPLAYED = (
    select(_NUMBERED, webhook_messages.c.body)
    .join(webhook_messages, webhook_messages.c.id == _NUMBERED.c.message_id)
    .where(_NUMBERED.c.number <= _A_TURN)
    .order_by(_NUMBERED.c.endpoint_id, _NUMBERED.c.number)
)
_SETTLE = (
    update(webhook_deliveries)
    .where(
        _deliveries.id == bindparam("this"),
        _deliveries.state == "pending",
        _deliveries.attempts == bindparam("seen_attempts"),
    )
    .values(
        state=bindparam("now_state"),
        attempts=_deliveries.attempts + 1,
        step=bindparam("now_step"),
        due_at=bindparam("now_due"),
        finished_at=bindparam("now_finished"),
    )
)
_EARLIEST = (
    select(func.min(_deliveries.due_at))
    .where(_deliveries.endpoint_id == _lanes.endpoint_id, _deliveries.state == "pending")
    .scalar_subquery()
)
_LET_GO = (
    update(webhook_lanes)
    .where(_lanes.endpoint_id == bindparam("lane"))
    .values(
        next_due_at=bindparam("now_due"),
        paused_until=bindparam("now_paused"),
        failures=bindparam("now_failures"),
        failing_since=bindparam("now_failing"),
        held_by=None,
        held_until=None,
    )
)
