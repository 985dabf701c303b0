"""Which subjects are which profile, as `profiles` tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import merged_profiles, profile_subjects, profile_versions
from services.events.use_cases.ports import KnownProfile
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

    def replace(self, profiles: Mapping[str, KnownProfile]) -> None:
        """Set what is known of each profile."""
        if not profiles:
            return
        self._session.execute(delete(profile_subjects).where(profile_subjects.c.profile_id.in_(profiles)))
        made = insert_for(self._session, profile_versions)
        values = {"version": made.excluded.version, "changed_at": made.excluded.changed_at}
        newer = made.on_conflict_do_update(index_elements=["profile_id"], set_=values)
        ordered = sorted(profiles.items())
        self._session.execute(
            newer, [{"profile_id": key, "version": one.version, "changed_at": one.changed_at} for key, one in ordered]
        )
        rows = [{"profile_id": key, "subject": subject} for key, one in ordered for subject in one.subjects]
        if rows:
            self._session.execute(insert(profile_subjects), rows)

    def merge(self, merged_profile_id: str, into: str, *, at: datetime) -> None:
        """From now on the one is the other, for good, and so is everything that was merged into it before.

        Every row points at a survivor directly, whatever the order the merges are heard in.
        """
        survivor = self.survivor_of(into)
        if survivor == merged_profile_id:
            return
        table = merged_profiles
        self._session.execute(update(table).where(table.c.profile_id == merged_profile_id).values(profile_id=survivor))
        values = {"merged_profile_id": merged_profile_id, "profile_id": survivor, "merged_at": at}
        self._session.execute(insert_for(self._session, table).values(values).on_conflict_do_nothing())

    def survivor_of(self, profile_id: str) -> str:
        """The profile that this one is now."""
        table = merged_profiles.c
        survivor = self._session.scalar(select(table.profile_id).where(table.merged_profile_id == profile_id))
        return survivor or profile_id

    def subjects_of(self, profile_id: str) -> list[str]:
        """Every subject that this profile has, under whatever id it is asked for.

        A profile that took another in tells the subjects of both from then on, without those that were split off
        again; until that is heard, the merged profile's own last word counts beside the survivor's.
        """
        told, merged, owned = profile_versions.c, merged_profiles.c, profile_subjects.c
        into = select(merged.profile_id).where(merged.merged_profile_id == profile_id).scalar_subquery()
        survivor = select(func.coalesce(into, profile_id).label("id")).cte("survivor")
        told_at = select(told.changed_at).where(told.profile_id == survivor.c.id).scalar_subquery()
        untold = select(merged.merged_profile_id).join(survivor, merged.profile_id == survivor.c.id)
        untold = untold.where(or_(told_at.is_(None), merged.merged_at > told_at))
        owners = select(survivor.c.id).union_all(untold)
        return sorted(set(self._session.scalars(select(owned.subject).where(owned.profile_id.in_(owners)))))

    def knows(self, profile_id: str) -> bool:
        """Whether anything was ever heard of this profile."""
        known = select(profile_versions.c.profile_id).where(profile_versions.c.profile_id == profile_id)
        merged = select(merged_profiles.c.profile_id).where(merged_profiles.c.merged_profile_id == profile_id)
        return self._session.scalar(known) is not None or self._session.scalar(merged) is not None
