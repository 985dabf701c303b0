"""What happened to whom in one transaction, and the facts told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from services.profile.domain.orders import Purchases
from services.profile.domain.segments.conditions import Aspect
from services.profile.domain.traits import present
from services.profile.use_cases.ports import Work
from shared.contracts import profile as contracts
from shared.contracts.contract import Contract

Change = Aspect | Literal["names", "birth"]


@dataclass(slots=True)
class Changes:
    """For each profile what of it changed, and the trace that led to it."""

    of: dict[str, set[Change]] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)

    def note(self, profile_ids: Iterable[str], change: Change) -> None:
        """Remember a change of these profiles."""
        for profile_id in profile_ids:
            self.of.setdefault(profile_id, set()).add(change)

    def trace(self, profile_id: str, traceparent: str | None) -> None:
        """Remember the request behind a profile's changes; the last one stands for all."""
        if traceparent is not None:
            self.traces[profile_id] = traceparent


def tell_changes(work: Work, changes: Changes, now: datetime) -> list[Contract]:
    """Give every profile whose public state changed its next version, and tell it whole."""
    told = [profile_id for profile_id, what in changes.of.items() if what - {"scores"}]
    profiles = [profile.changed(now) for profile in work.profiles.get(told).values()]
    work.profiles.save(profiles)
    traits = work.traits.current(told)
    names = {identity.profile_id: identity.names for identity in work.identities.of(told)}
    return [
        contracts.ProfileChangedV1(
            profile_id=profile.profile_id,
            version=profile.version,
            changed_at=now,
            identifiers=tuple(
                contracts.Identifier(kind=name.kind, value=name.value) for name in sorted(names[profile.profile_id])
            ),
            traits=present(traits.get(profile.profile_id, {})),
            purchases=_public(profile.purchases),
            traceparent=changes.traces.get(profile.profile_id),
        )
        for profile in profiles
    ]


def _public(purchases: Purchases) -> contracts.Purchases:
    return msgspec.convert(purchases, contracts.Purchases, from_attributes=True)
