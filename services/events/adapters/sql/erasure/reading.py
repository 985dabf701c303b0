"""Erasures as an operator sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.events.adapters.sql.erasure.tables import erasures

_e = erasures.c


@dataclass(frozen=True, slots=True)
class HeardErasure:
    """How far one word of an erasure has come here."""

    id: str
    erasure_id: str
    erased_at: datetime
    heard_at: datetime
    touchpoints: int
    archived: int
    finished_at: datetime | None


def read_erasures(
    session: Session, *, erasure_id: str | None, before: str | None, limit: int
) -> Sequence[HeardErasure]:
    """Erasures as they were heard of, the last first, from behind the id `before`."""
    columns = (_e.id, _e.erasure_id, _e.erased_at, _e.heard_at, _e.touchpoints, _e.archived, _e.finished_at)
    query = select(*columns).order_by(_e.id.desc()).limit(limit)
    if erasure_id is not None:
        query = query.where(_e.erasure_id == erasure_id)
    if before is not None:
        query = query.where(_e.id < before)
    return [HeardErasure(*row) for row in session.execute(query)]
