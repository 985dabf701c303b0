"""The rows of profiles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put
from services.profile.adapters.sql.tables import profiles
from services.profile.domain.orders import Purchases
from services.profile.domain.profile import Profile
from shared.batched import batched


class SqlProfiles:
    """`Profiles` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, profile_ids: Collection[str]) -> dict[str, Profile]:
        found: dict[str, Profile] = {}
        for chunk in batched(profile_ids, CHUNK):
            for row in self._session.execute(select(profiles).where(profiles.c.profile_id.in_(chunk))):
                found[row.profile_id] = profile_of(row)
        return found

    def save(self, changed: Sequence[Profile]) -> None:
        put(self._session, profiles, [_row_of(profile) for profile in changed])

    def remove(self, profile_ids: Collection[str]) -> None:
        for chunk in batched(profile_ids, CHUNK):
            self._session.execute(delete(profiles).where(profiles.c.profile_id.in_(chunk)))


def profile_of(row: Any) -> Profile:
    """The profile in a row of `profiles`."""
    return Profile(
        profile_id=row.profile_id,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        identified=row.identified,
        purchases=msgspec.convert(row.purchases, Purchases) if row.purchases else Purchases(),
    )


def _row_of(profile: Profile) -> dict[str, Any]:
    return {
        "profile_id": profile.profile_id,
        "version": profile.version,
        "created_at": profile.created_at,
        "changed_at": profile.changed_at,
        "first_seen_at": profile.first_seen_at,
        "last_seen_at": profile.last_seen_at,
        "identified": profile.identified,
        "purchases": _told(profile.purchases),
    }


def _told(purchases: Purchases) -> Any:
    return msgspec.to_builtins(purchases) if purchases.orders or purchases.spent_minor or purchases.refunds else {}
