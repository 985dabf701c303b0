"""One turn of a lane: what is sent in it, and storing what it has done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.rows import failing_values
from services.events.adapters.sql.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_lanes,
    webhook_messages,
    webhook_replays,
)
from services.events.domain.webhooks.retries import Verdict
from services.events.use_cases.webhooks.ports import Finished, Pending, Settled
from shared.ids import new_id

_lanes, _deliveries = webhook_lanes.c, webhook_deliveries.c
_A_TURN = 50
_STATES = {
    Verdict.DELIVERED: "delivered",
    Verdict.RETRY: "pending",
    Verdict.FAILED: "failed",
    Verdict.GONE: "failed",
}


def pending_in(session: Session, endpoint_ids: Sequence[str], now: datetime) -> Mapping[str, Sequence[Pending]]:
    """What each of these lanes sends in one turn; what replays have put there when nothing live is due."""
    replayed = _replayed(session, endpoint_ids, now)
    return {each: [*_live(session, each, now), *replayed.get(each, ())][:_A_TURN] for each in endpoint_ids}


def _live(session: Session, endpoint_id: str, now: datetime) -> Iterator[Pending]:
    return map(_pending, session.connection().execute(_PENDING, {"lane": endpoint_id, "now": now}))


def _replayed(session: Session, endpoint_ids: Sequence[str], now: datetime) -> Mapping[str, Sequence[Pending]]:
    found: dict[str, list[Pending]] = {}
    for row in session.execute(_REPLAYED, {"lanes": endpoint_ids, "now": now}):
        found.setdefault(row.endpoint_id, []).append(_pending(row))
    return found


def _pending(row: Any) -> Pending:
    return Pending(id=row.id, body=bytes(row.body), step=row.step, attempts=row.attempts)


def store_attempts(session: Session, settled: Sequence[Settled], now: datetime) -> None:
    """Keep the attempts, and what they make of their deliveries."""
    if not settled:
        return
    session.execute(insert(webhook_attempts), [_attempt(one) for one in settled])
    changes = sorted((_change(one, now) for one in settled), key=lambda change: str(change["this"]))
    session.connection().execute(_SETTLE, changes)


def let_go(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    """Free the lanes, each to be taken again when its next delivery is due."""
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
            **{f"now_{name}": value for name, value in failing_values(each.failing).items()},
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
        failing_since=bindparam("now_failing_since"),
        failed_at=bindparam("now_failed_at"),
        tried_s=bindparam("now_tried_s"),
        held_by=None,
        held_until=None,
    )
)
