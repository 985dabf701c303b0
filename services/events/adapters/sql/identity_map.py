"""Which subjects are which profile, as `profiles` tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import merged_profiles, profile_subjects, profile_versions
from shared.sql.upsert import insert_for


class SqlIdentityMap:
    """The identity map in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """The version last learnt of each profile that is known."""
        table = profile_versions.c
        rows = self._session.execute(select(table.profile_id, table.version).where(table.profile_id.in_(profile_ids)))
        return {row.profile_id: row.version for row in rows}

    def replace(self, profiles: Mapping[str, tuple[int, Collection[str]]]) -> None:
        """Set version and subjects of each profile."""
        if not profiles:
            return
        self._session.execute(delete(profile_subjects).where(profile_subjects.c.profile_id.in_(profiles)))
        made = insert_for(self._session, profile_versions)
        newer = made.on_conflict_do_update(index_elements=["profile_id"], set_={"version": made.excluded.version})
        ordered = sorted(profiles.items())
        self._session.execute(newer, [{"profile_id": one, "version": version} for one, (version, _) in ordered])
        rows = [{"profile_id": one, "subject": subject} for one, (_, subjects) in ordered for subject in subjects]
        if rows:
            self._session.execute(insert(profile_subjects), rows)

    def merge(self, merged_profile_id: str, into: str) -> None:
        """From now on the one is the other, for good, and so is everything that was merged into it before.

        Every row points at a survivor directly, whatever the order the merges are heard in.
        """
        survivor = self.survivor_of(into)
        if survivor == merged_profile_id:
            return
        table = merged_profiles
        self._session.execute(update(table).where(table.c.profile_id == merged_profile_id).values(profile_id=survivor))
        made = insert_for(self._session, table).values(merged_profile_id=merged_profile_id, profile_id=survivor)
        self._session.execute(made.on_conflict_do_nothing())

    def survivor_of(self, profile_id: str) -> str:
        """The profile that this one is now."""
        table = merged_profiles.c
        survivor = self._session.scalar(select(table.profile_id).where(table.merged_profile_id == profile_id))
        return survivor or profile_id

    def subjects_of(self, profile_id: str) -> list[str]:
        """Every subject that this profile, or one that was merged into it, has had."""
        survivor = self.survivor_of(profile_id)
        merged = select(merged_profiles.c.merged_profile_id).where(merged_profiles.c.profile_id == survivor)
        owned = (profile_subjects.c.profile_id == survivor) | profile_subjects.c.profile_id.in_(merged)
        return sorted(set(self._session.scalars(select(profile_subjects.c.subject).where(owned))))

    def knows(self, profile_id: str) -> bool:
        """Whether anything was ever heard of this profile."""
        known = select(profile_versions.c.profile_id).where(profile_versions.c.profile_id == profile_id)
        merged = select(merged_profiles.c.profile_id).where(merged_profiles.c.merged_profile_id == profile_id)
        return self._session.scalar(known) is not None or self._session.scalar(merged) is not None
