"""Names and merges in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put_new
from services.profile.adapters.sql.tables import identifiers, merges, profiles, refused_ties
from services.profile.domain.identifiers import Identifier
from services.profile.domain.identity import Attachment, Identity, RefusedTie
from services.profile.use_cases.identity_ports import Contribution
from shared.batched import batched


class SqlIdentities:
    """`Identities` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def owners(self, names: Collection[Identifier]) -> list[Identity]:
        by_kind: dict[str, list[str]] = {}
        for name in names:
            by_kind.setdefault(name.kind, []).append(name.value)
        found: set[str] = set()
        for kind, values in by_kind.items():
            for chunk in batched(values, CHUNK):
                mine = (identifiers.c.kind == kind) & identifiers.c.value.in_(chunk)
                found.update(self._session.scalars(select(identifiers.c.profile_id).where(mine)))
        return self.of(found)

    def of(self, profile_ids: Collection[str]) -> list[Identity]:
        identities: dict[str, Identity] = {}
        for chunk in batched(profile_ids, CHUNK):
            born = select(profiles.c.profile_id, profiles.c.created_at).where(profiles.c.profile_id.in_(chunk))
            for profile_id, created_at in self._session.execute(born):
                identities[profile_id] = Identity(profile_id, created_at)
            names = select(identifiers.c.profile_id, identifiers.c.kind, identifiers.c.value)
            for profile_id, kind, value in self._session.execute(names.where(identifiers.c.profile_id.in_(chunk))):
                identities[profile_id].names.add(Identifier(kind, value))
        return list(identities.values())

    def attach(self, attachments: Sequence[Attachment], now: datetime) -> None:
        rows = [
            {
                "kind": each.name.kind,
                "value": each.name.value,
                "profile_id": each.profile_id,
                "touchpoint_id": each.touchpoint_id,
                "attached_at": now,
            }
            for each in attachments
        ]
        if rows:
            self._session.execute(identifiers.insert(), rows)

    def keep_refused(self, refused: Sequence[RefusedTie], now: datetime) -> None:
        rows = (
            {
                "kind": each.name.kind,
                "value": each.name.value,
                "profile_id": each.profile_id,
                "owner_id": each.owner_id,
                "reason": each.reason,
                "touchpoint_id": each.touchpoint_id,
                "refused_at": now,
            }
            for each in refused
        )
        put_new(self._session, refused_ties, rows)

    def merge(self, contributions: Sequence[Contribution], now: datetime) -> None:
        moves = [{"old": each.merge.merged_id, "new": each.profile_id} for each in contributions]
        for table in (identifiers, merges):
            former = table.c.profile_id == bindparam("old")
            self._session.execute(update(table).where(former).values(profile_id=bindparam("new")), moves)
        rows = [
            {
                "merged_id": each.merge.merged_id,
                "into_id": each.merge.survivor_id,
                "profile_id": each.profile_id,
                "merged_at": now,
                "touchpoint_id": each.merge.touchpoint_id,
                "tied_by_kind": each.merge.tied_by.kind,
                "tied_by_value": each.merge.tied_by.value,
                "contributed": _contributed(each),
            }
            for each in contributions
        ]
        self._session.execute(merges.insert(), rows)

    def survivors(self, profile_ids: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for chunk in batched(profile_ids, CHUNK):
            living = select(profiles.c.profile_id).where(profiles.c.profile_id.in_(chunk))
            found.update((profile_id, profile_id) for profile_id in self._session.scalars(living))
            moved = select(merges.c.merged_id, merges.c.profile_id).where(merges.c.merged_id.in_(chunk))
            found.update((merged, survivor) for merged, survivor in self._session.execute(moved))
        return found


def _contributed(contribution: Contribution) -> dict[str, Any]:
    names = sorted(contribution.merge.names)
    return {
        "identifiers": [{"kind": name.kind, "value": name.value} for name in names],
        "traits": [asdict(observation) for observation in contribution.traits],
        "orders": list(contribution.orders),
        "shared_orders": [
            {"survivor": asdict(mine), "merged": asdict(theirs)} for mine, theirs in contribution.shared_orders
        ],
    }
