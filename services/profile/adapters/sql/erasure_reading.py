"""The record of erasures, as it is read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.erasures import erasure_of
from services.profile.adapters.sql.tables import erasures
from services.profile.domain.erasures import Erasure
from services.profile.domain.errors import ErasureNotFound


def read_erasures(session: Session, *, before: str | None, limit: int) -> Sequence[Erasure]:
    """Erasures, the last first, from behind the id `before`."""
    query = select(erasures).order_by(erasures.c.erasure_id.desc()).limit(limit)
    if before is not None:
        query = query.where(erasures.c.erasure_id < before)
    return [erasure_of(row) for row in session.execute(query)]


def read_erasure(session: Session, erasure_id: str) -> Erasure:
    """One erasure. Raises ErasureNotFound."""
    row = session.execute(select(erasures).where(erasures.c.erasure_id == erasure_id)).one_or_none()
    if row is None:
        raise ErasureNotFound(f"no erasure {erasure_id}")
    return erasure_of(row)
