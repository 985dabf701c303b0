"""What the API reads of profiles, in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.profile.adapters.sql.profiles import profile_of
from services.profile.adapters.sql.tables import identifiers, memberships, merges, profiles, segments, trait_history
from services.profile.adapters.sql.traits import SqlTraits
from services.profile.domain.errors import ProfileNotFound
from services.profile.domain.identifiers import Identifier
from services.profile.domain.profile import Profile
from services.profile.domain.traits import Observation


@dataclass(frozen=True, slots=True)
class WholeProfile:
    """A profile with all that is read along with it; `merged_from` are ids that redirect to it."""

    profile: Profile
    names: Sequence[Identifier]
    traits: Sequence[Observation]
    merged_from: Sequence[str]


@dataclass(frozen=True, slots=True)
class Belonging:
    """A segment that a profile is in."""

    segment_id: str
    name: str
    since: datetime


class ProfileReading:
    """Reads whole profiles. An id that was merged away finds the profile it lives on as."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def living_id(self, profile_id: str) -> str:
        """The id of the profile that `profile_id` is now. Raises ProfileNotFound."""
        alive = select(profiles.c.profile_id).where(profiles.c.profile_id == profile_id)
        merged = select(merges.c.profile_id).where(merges.c.merged_id == profile_id)
        living: str | None = self._session.scalar(alive) or self._session.scalar(merged)
        if living is None:
            raise ProfileNotFound(f"no profile {profile_id}")
        return living

    def get(self, profile_id: str) -> WholeProfile:
        """The profile of this id. Raises ProfileNotFound."""
        return self._whole([self.living_id(profile_id)])[0]

    def known_as(self, name: Identifier) -> WholeProfile:
        """The profile of this name. Raises ProfileNotFound."""
        mine = (identifiers.c.kind == name.kind) & (identifiers.c.value == name.value)
        profile_id = self._session.scalar(select(identifiers.c.profile_id).where(mine))
        if profile_id is None:
            raise ProfileNotFound(f"nobody is known by this {name.kind}")
        return self._whole([profile_id])[0]

    def page(self, *, after: str | None, limit: int, identified: bool | None) -> list[WholeProfile]:
        """Profiles in the order they came into being, after the one with id `after`."""
        query = select(profiles.c.profile_id).order_by(profiles.c.profile_id).limit(limit)
        if after is not None:
            query = query.where(profiles.c.profile_id > after)
        if identified is not None:
            query = query.where(profiles.c.identified == identified)
        return self._whole(self._session.scalars(query).all())

    def history(
        self, profile_id: str, *, key: str | None, before: tuple[datetime, str, str] | None, limit: int
    ) -> list[Observation]:
        """Statements about a profile's traits, the latest observed first."""
        row = trait_history.c
        place = (row.observed_at, row.touchpoint_id, row.key)
        query = select(row.key, row.value, row.source_id, row.touchpoint_id, row.observed_at, row.recorded_at)
        query = query.where(row.profile_id == profile_id).order_by(*(column.desc() for column in place)).limit(limit)
        if key is not None:
            query = query.where(row.key == key)
        if before is not None:
            query = query.where(tuple_(*place) < tuple_(*before, types=[column.type for column in place]))
        return [Observation(*statement) for statement in self._session.execute(query)]

    def segments_of(self, profile_id: str, *, after: str | None, limit: int) -> list[Belonging]:
        """The segments the profile is in, in the order they came into being, after the one with id `after`."""
        query = (
            select(segments.c.segment_id, segments.c.name, memberships.c.since)
            .join(memberships, memberships.c.segment_id == segments.c.segment_id)
            .where(memberships.c.profile_id == profile_id, memberships.c.is_member, segments.c.state != "deleting")
            .order_by(segments.c.segment_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(segments.c.segment_id > after)
        return [Belonging(*row) for row in self._session.execute(query)]

    def _whole(self, profile_ids: Sequence[str]) -> list[WholeProfile]:
        rows = self._session.execute(
            select(profiles).where(profiles.c.profile_id.in_(profile_ids)).order_by(profiles.c.profile_id)
        ).all()
        names, merged = self._names(profile_ids), self._merged(profile_ids)
        traits = SqlTraits(self._session).current(profile_ids)
        return [
            WholeProfile(
                profile_of(row),
                sorted(names.get(row.profile_id, [])),
                sorted(
                    (each for each in traits.get(row.profile_id, {}).values() if each.value is not None),
                    key=lambda each: each.key,
                ),
                merged.get(row.profile_id, []),
            )
            for row in rows
        ]

    def _names(self, profile_ids: Sequence[str]) -> dict[str, list[Identifier]]:
        query = select(identifiers.c.profile_id, identifiers.c.kind, identifiers.c.value)
        names: dict[str, list[Identifier]] = {}
        for profile_id, kind, value in self._session.execute(query.where(identifiers.c.profile_id.in_(profile_ids))):
            names.setdefault(profile_id, []).append(Identifier(kind, value))
        return names

    def _merged(self, profile_ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids that were merged into each profile, in order."""
        redirects = select(merges.c.profile_id, merges.c.merged_id).where(merges.c.profile_id.in_(profile_ids))
        merged: dict[str, list[str]] = {}
        for profile_id, merged_id in self._session.execute(redirects.order_by(merges.c.merged_id)):
            merged.setdefault(profile_id, []).append(merged_id)
        return merged
