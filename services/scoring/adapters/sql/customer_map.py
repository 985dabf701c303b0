"""Which profile each subject is, in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.scoring.adapters.sql.tables import profiles, subjects
from services.scoring.use_cases.fact_ports import ProfileState
from shared.sql.upsert import insert_for


class SqlCustomerMap:
    """A CustomerMap in the caller's transaction. Merges are followed when they are told, so that a read is one join."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, states: Sequence[ProfileState]) -> None:
        insert = insert_for(self._session, profiles)
        newer = insert.excluded.version > profiles.c.version
        set_ = {"version": insert.excluded.version, "identified": insert.excluded.identified}
        upsert = insert.on_conflict_do_update(index_elements=["profile_id"], set_=set_, where=newer)
        self._session.execute(upsert, [_profile_row(state) for state in states])
        # One subject may stand in two states of a batch; the later one is to win, as it would across batches.
        rows = {
            subject: {"subject": subject, "profile_id": state.profile_id, "changed_at": state.changed_at}
            for state in sorted(states, key=lambda state: (state.changed_at, state.profile_id))
            for subject in state.subjects
        }
        if rows:
            self._save_subjects(list(rows.values()))

    def merge(self, *, survivor: str, merged: str) -> None:
        for profile_id in (survivor, merged):
            unknown = insert_for(self._session, profiles).values(
                profile_id=profile_id, survivor_id=profile_id, version=0, identified=False
            )
            self._session.execute(unknown.on_conflict_do_nothing(index_elements=["profile_id"]))
        root = self._lock_both(survivor, merged)[survivor]
        if root != merged:
            follow = update(profiles).where(profiles.c.survivor_id == merged)
            self._session.execute(follow.values(survivor_id=root))

    def _lock_both(self, *profile_ids: str) -> dict[str, str]:
        """The survivor of each; two merges that share a profile wait for each other and so see each other's result."""
        both = select(profiles.c.profile_id, profiles.c.survivor_id).where(profiles.c.profile_id.in_(profile_ids))
        rows = self._session.execute(both.order_by(profiles.c.profile_id).with_for_update())
        return {row.profile_id: row.survivor_id for row in rows}

    def _save_subjects(self, rows: list[dict[str, Any]]) -> None:
        insert = insert_for(self._session, subjects)
        excluded = insert.excluded
        same_time = (excluded.changed_at == subjects.c.changed_at) & (excluded.profile_id > subjects.c.profile_id)
        self._session.execute(
            insert.on_conflict_do_update(
                index_elements=["subject"],
                set_={"profile_id": excluded.profile_id, "changed_at": excluded.changed_at},
                where=(excluded.changed_at > subjects.c.changed_at) | same_time,
            ),
            rows,
        )


def _profile_row(state: ProfileState) -> dict[str, Any]:
    return {
        "profile_id": state.profile_id,
        "survivor_id": state.profile_id,
        "version": state.version,
        "identified": state.identified,
    }
