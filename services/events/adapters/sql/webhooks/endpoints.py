"""The webhook endpoints that an owner may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, true, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.rows import endpoint_from, failing_values, values_of
from services.events.adapters.sql.webhooks.tables import (
    webhook_deliveries,
    webhook_endpoints,
    webhook_lanes,
    webhook_replays,
)
from services.events.domain.owners import Owner
from services.events.domain.webhooks.endpoints import Endpoint
from services.events.domain.webhooks.errors import EndpointNotFound, TooManyEndpoints
from shared.sql.present import database_now

MAX_ENDPOINTS = 2_000
_c = webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class Condition:
    """How it goes at an endpoint: since when every attempt has failed, and until when it is left alone."""

    failing_since: datetime | None
    paused_until: datetime | None


class SqlEndpoints:
    """The endpoints of `owner` in the session's transaction."""

    def __init__(self, session: Session, owner: Owner) -> None:
        self._session = session
        self._mine: ColumnElement[bool] = true() if owner.id is None else _c.owner == owner.id

    def add(self, endpoint: Endpoint) -> None:
        """Keep a new endpoint and open its lane. Raises TooManyEndpoints."""
        theirs = select(func.count()).select_from(webhook_endpoints).where(_c.owner == endpoint.owner)
        if (self._session.scalar(theirs) or 0) >= MAX_ENDPOINTS:
            raise TooManyEndpoints(f"there are {MAX_ENDPOINTS} endpoints already; delete one first")
        self._session.execute(insert(webhook_endpoints).values(values_of(endpoint)))
        self._session.execute(insert(webhook_lanes).values(endpoint_id=endpoint.id, failures=0))

    def get(self, endpoint_id: str, *, lock: bool = False) -> Endpoint:
        """One endpoint, held until the transaction ends with `lock`. Raises EndpointNotFound."""
        query = select(webhook_endpoints).where(_c.id == endpoint_id, self._mine)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise EndpointNotFound(f"no webhook endpoint {endpoint_id}")
        return endpoint_from(row)

    def show(self, endpoint_id: str) -> tuple[Endpoint, Condition]:
        """One endpoint and how it goes there. Raises EndpointNotFound."""
        row = self._session.execute(_shown().where(_c.id == endpoint_id, self._mine)).one_or_none()
        if row is None:
            raise EndpointNotFound(f"no webhook endpoint {endpoint_id}")
        return _with_condition(row)

    def page(self, *, limit: int, before: str | None) -> Sequence[tuple[Endpoint, Condition]]:
        """Endpoints, newest first, from behind the id `before`."""
        query = _shown().where(self._mine).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.id < before)
        return [_with_condition(row) for row in self._session.execute(query)]

    def save(self, endpoint: Endpoint) -> None:
        """Replace what is kept of an endpoint that was got with `lock`; its past failures no longer count."""
        self._session.execute(update(webhook_endpoints).where(_c.id == endpoint.id).values(values_of(endpoint)))
        lane = update(webhook_lanes).where(webhook_lanes.c.endpoint_id == endpoint.id)
        self._session.execute(lane.values(failures=0, paused_until=None, **failing_values(None)))

    def disable_all(self, reason: str) -> None:
        """Tell nothing more to any of them; what waits there goes on waiting."""
        live = update(webhook_endpoints).where(self._mine, _c.disabled_at.is_(None))
        now = database_now(self._session)
        self._session.execute(live.values(disabled_at=now, disabled_reason=reason, version=_c.version + 1))

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint and its secrets; what waits for it is canceled. Raises EndpointNotFound."""
        self.get(endpoint_id, lock=True)
        self._session.execute(delete(webhook_lanes).where(webhook_lanes.c.endpoint_id == endpoint_id))
        self._session.execute(delete(webhook_endpoints).where(_c.id == endpoint_id))
        d = webhook_deliveries.c
        waiting = update(webhook_deliveries).where(d.endpoint_id == endpoint_id, d.state == "pending")
        now = database_now(self._session)
        self._session.execute(waiting.values(state="canceled", finished_at=now))
        r = webhook_replays.c
        running = update(webhook_replays).where(r.endpoint_id == endpoint_id, r.state == "running")
        self._session.execute(running.values(state="canceled", finished_at=now))


def _shown() -> Select[Any]:
    lanes = webhook_lanes.c
    return select(webhook_endpoints, lanes.failing_since, lanes.paused_until).join(
        webhook_lanes, lanes.endpoint_id == _c.id
    )


def _with_condition(row: Row[Any]) -> tuple[Endpoint, Condition]:
    return endpoint_from(row), Condition(row.failing_since, row.paused_until)
