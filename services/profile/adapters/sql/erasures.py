"""Erasing customers in SQL, and what is left of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, or_, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import put_new
from services.profile.adapters.sql.tables import (
    erasures,
    identifiers,
    memberships,
    merges,
    orders,
    profiles,
    refused_ties,
    score_figures,
    scores,
    trait_history,
    traits,
)
from services.profile.domain.erasures import Erasure
from shared.erased_names import Erased, ErasedNames, NameHash
from shared.inbox.dead_letters import forget_dead_letters

_OF_A_PROFILE: tuple[Table, ...] = (
    profiles,
    identifiers,
    traits,
    trait_history,
    orders,
    scores,
    score_figures,
    memberships,
)


class SqlErasures:
    """`Erasures` in one transaction."""

    def __init__(self, session: Session, hashed: NameHash) -> None:
        self._session = session
        self._names = ErasedNames(session, hashed)

    def merged_into(self, profile_id: str) -> list[str]:
        merged = select(merges.c.merged_id).where(merges.c.profile_id == profile_id).order_by(merges.c.merged_id)
        return list(self._session.scalars(merged))

    def remove(self, profile_ids: Collection[str], *, subjects: Collection[str]) -> None:
        for table in _OF_A_PROFILE:
            self._session.execute(delete(table).where(table.c.profile_id.in_(profile_ids)))
        survivors = or_(merges.c.profile_id.in_(profile_ids), merges.c.into_id.in_(profile_ids))
        self._session.execute(delete(merges).where(survivors))
        parties = or_(refused_ties.c.profile_id.in_(profile_ids), refused_ties.c.owner_id.in_(profile_ids))
        self._session.execute(delete(refused_ties).where(parties))
        forget_dead_letters(self._session, {*profile_ids, *subjects})

    def record(self, erasure: Erasure) -> None:
        row = {
            "erasure_id": erasure.id,
            "erased_at": erasure.erased_at,
            "requested_by": erasure.requested_by,
            "profiles": erasure.profiles,
        }
        put_new(self._session, erasures, [row])

    def add_names(self, names: Collection[str], erasure: Erasure) -> None:
        self._names.add(names, Erased(erasure.id, erasure.erased_at))

    def latest(self) -> datetime | None:
        return self._names.latest()

    def of(self, names: Collection[str]) -> Mapping[str, Erasure]:
        erased = self._names.among(names)
        wanted = {each.erasure_id for each in erased.values()}
        rows = self._session.execute(select(erasures).where(erasures.c.erasure_id.in_(wanted)))
        by_id = {row.erasure_id: erasure_of(row) for row in rows}
        return {name: by_id[each.erasure_id] for name, each in erased.items()}


def erasure_of(row: Any) -> Erasure:
    """The erasure in a row of `erasures`."""
    return Erasure(
        id=row.erasure_id,
        erased_at=row.erased_at,
        requested_by=row.requested_by,
        profiles=row.profiles,
    )
