"""Replays as rows, and what they put into lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from sqlalchemy import ColumnElement, CursorResult, Row, case, func, insert, select, true, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.mailbox import put, wake
from services.events.adapters.sql.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_replays,
)
from services.events.domain.owners import Owner
from services.events.domain.webhooks.errors import ReplayNotFound
from services.events.domain.webhooks.replays import ON_THEIR_WAY, Replay, Stretch, Stretches
from services.events.use_cases.webhooks.ports import Listener, Message
from shared.sql.present import database_now
from shared.sql.upsert import insert_for

_c, _d, _e = webhook_replays.c, webhook_deliveries.c, webhook_endpoints.c
_ROOM = 500
"""So many deliveries of a replay wait in its endpoint's lane before it reads on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many deliveries of a replay are in each state."""

    pending: int = 0
    delivered: int = 0
    failed: int = 0
    canceled: int = 0


class SqlReplays:
    """The replays to endpoints of `owner` in the session's transaction."""

    def __init__(self, session: Session, owner: Owner) -> None:
        self._session = session
        self._mine: ColumnElement[bool] = true() if owner.id is None else _c.owner == owner.id

    def is_running(self, endpoint_id: str) -> bool:
        """Whether a replay to this endpoint is under way."""
        running = select(_c.id).where(_c.endpoint_id == endpoint_id, _c.state == "running").limit(1)
        return self._session.scalar(running) is not None

    def add(self, replay: Replay) -> None:
        """Keep a new one."""
        values = {name: getattr(replay, name) for name in Replay.__dataclass_fields__}
        self._session.execute(insert(webhook_replays).values(**values, fed_at=replay.created_at))

    def get(self, endpoint_id: str, replay_id: str) -> Replay:
        """One of an endpoint's. Raises ReplayNotFound."""
        which = (_c.id == replay_id) & (_c.endpoint_id == endpoint_id)
        row = self._session.execute(select(webhook_replays).where(which, self._mine)).one_or_none()
        if row is None:
            raise ReplayNotFound(f"no replay {replay_id} to endpoint {endpoint_id}")
        return _replay(row)

    def page(self, endpoint_id: str, *, limit: int, before: str | None) -> Sequence[Replay]:
        """An endpoint's, newest first, from behind the id `before`."""
        query = select(webhook_replays).where(_c.endpoint_id == endpoint_id, self._mine)
        if before is not None:
            query = query.where(_c.id < before)
        return [_replay(row) for row in self._session.execute(query.order_by(_c.id.desc()).limit(limit))]

    def outcome(self, replay: Replay) -> Outcome:
        """What has become of its deliveries so far."""
        counted = select(_d.state, func.count()).where(_d.replay_id == replay.id).group_by(_d.state)
        return Outcome(**{row[0]: row[1] for row in self._session.execute(counted)})

    def cancel(self, replay: Replay) -> None:
        """Read no further, and send nothing more of what waits; what was delivered before counts as that again."""
        now = database_now(self._session)
        wake(self._session, [replay.endpoint_id])
        running = update(webhook_replays).where(_c.id == replay.id, _c.state == "running")
        self._session.execute(running.values(state="canceled", finished_at=now, version=_c.version + 1))
        a = webhook_attempts.c
        succeeded = select(a.id).where(a.delivery_id == _d.id, a.status.between(200, 299)).exists()
        waiting = update(webhook_deliveries).where(_d.replay_id == replay.id, _d.state == "pending")
        state = case((succeeded, "delivered"), else_="canceled")
        self._session.execute(waiting.values(state=state, finished_at=now))

    def in_need(self, limit: int) -> Sequence[Replay]:
        """Running ones whose endpoint takes more, those first that have waited longest for a turn."""
        waiting = (
            select(func.count())
            .select_from(webhook_deliveries)
            .where(_d.replay_id == _c.id, _d.state == "pending")
            .scalar_subquery()
        )
        query = (
            select(webhook_replays)
            .join(webhook_endpoints, _e.id == _c.endpoint_id)
            .where(_c.state == "running", _e.disabled_at.is_(None), waiting < _ROOM, self._mine)
            .where(_c.until <= database_now(self._session) - ON_THEIR_WAY)
            .order_by(_c.fed_at)
            .limit(limit)
        )
        return [_replay(row) for row in self._session.execute(query)]

    def begin(self, replay: Replay, stretches: Stretches) -> None:
        """Note what there is to read, unless another worker did."""
        new = (_c.id == replay.id) & (_c.version == replay.version)
        values = {"stretches": msgspec.to_builtins(stretches), "version": replay.version + 1}
        self._session.execute(update(webhook_replays).where(new).values(values))

    def postpone(self, replay: Replay) -> None:
        """Let others go first: what it is about is on its way into the log."""
        now = database_now(self._session)
        self._session.execute(update(webhook_replays).where(_c.id == replay.id).values(fed_at=now))

    def advance(self, replay: Replay, *, stretches: Stretches, read: int, done: bool) -> bool:
        """Move it on; False, with nothing done, when it was canceled or moved on by another meanwhile."""
        now = database_now(self._session)
        as_seen = (_c.id == replay.id) & (_c.version == replay.version) & (_c.state == "running")
        values = {
            "stretches": msgspec.to_builtins(stretches),
            "read": _c.read + read,
            "version": replay.version + 1,
            "fed_at": now,
            "state": "done" if done else "running",
            "finished_at": now if done else None,
        }
        moved = self._session.execute(update(webhook_replays).where(as_seen).values(values))
        return bool(cast(CursorResult[Any], moved).rowcount)

    def listener(self, replay: Replay) -> Listener | None:
        """Its endpoint, with what is wanted this time; None when the endpoint is disabled."""
        query = select(_e.id, _e.owner, _e.event_types).where(_e.id == replay.endpoint_id, _e.disabled_at.is_(None))
        row = self._session.execute(query).one_or_none()
        return Listener(row.id, row.owner, frozenset(replay.event_types or row.event_types)) if row else None

    def post(self, replay: Replay, messages: Sequence[Message]) -> None:
        """A delivery for each message behind every live one; what waits there already is left alone."""
        new = insert_for(self._session, webhook_deliveries)
        if replay.missing_only:
            return put(self._session, messages, new.on_conflict_do_nothing(), replay_id=replay.id)
        names = ("message_id", "state", "step", "due_at", "created_at", "replay_id")
        anew = {**{name: new.excluded[name] for name in names}, "finished_at": None}
        again = new.on_conflict_do_update(index_elements=["id"], set_=anew, where=_d.state != "pending")
        return put(self._session, messages, again, replay_id=replay.id)


def _replay(row: Row[Any]) -> Replay:
    stretches = None if row.stretches is None else msgspec.convert(row.stretches, dict[str, Stretch])
    kept = {name: getattr(row, name) for name in Replay.__dataclass_fields__}
    return Replay(**kept | {"event_types": tuple(row.event_types), "stretches": stretches})
