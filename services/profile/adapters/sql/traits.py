"""Current traits and their history in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put, put_new
from services.profile.adapters.sql.tables import trait_history, traits
from services.profile.domain.terms import trait_term
from services.profile.domain.traits import Observation
from services.profile.use_cases.profile_ports import Traits
from shared.batched import batched


class SqlTraits:
    """`TraitLedger` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self, profile_ids: Collection[str]) -> dict[str, dict[str, Observation]]:
        found: dict[str, dict[str, Observation]] = {}
        for chunk in batched(profile_ids, CHUNK):
            query = select(
                traits.c.profile_id,
                traits.c.key,
                traits.c.value,
                traits.c.source_id,
                traits.c.touchpoint_id,
                traits.c.observed_at,
                traits.c.recorded_at,
            ).where(traits.c.profile_id.in_(chunk))
            for profile_id, key, *statement in self._session.execute(query):
                found.setdefault(profile_id, {})[key] = Observation(key, *statement)
        return found

    def save(self, current: Mapping[str, Traits]) -> None:
        rows = [
            _row_of(profile_id, observation)
            for profile_id, observations in current.items()
            for observation in observations.values()
        ]
        put(self._session, traits, rows)

    def remember(self, history: Iterable[tuple[str, Observation]]) -> None:
        rows = ({"profile_id": profile_id, **_statement(observation)} for profile_id, observation in history)
        put_new(self._session, trait_history, rows)

    def move(self, moves: Mapping[str, str]) -> None:
        for chunk in batched(moves, CHUNK):
            self._session.execute(delete(traits).where(traits.c.profile_id.in_(chunk)))
        former = trait_history.c.profile_id == bindparam("old")
        self._session.execute(
            update(trait_history).where(former).values(profile_id=bindparam("new")),
            [{"old": merged, "new": survivor} for merged, survivor in moves.items()],
        )


def _statement(observation: Observation) -> dict[str, Any]:
    return {
        "key": observation.key,
        "value": observation.value,
        "source_id": observation.source_id,
        "touchpoint_id": observation.touchpoint_id,
        "observed_at": observation.observed_at,
        "recorded_at": observation.recorded_at,
    }


def _row_of(profile_id: str, observation: Observation) -> dict[str, Any]:
    term = trait_term(observation.key, observation.value)
    return {
        "profile_id": profile_id,
        "present": observation.value is not None,
        "text": term.text,
        "number": term.number,
        "flag": term.flag,
        "moment": term.moment,
        "items": term.items,
        **_statement(observation),
    }
