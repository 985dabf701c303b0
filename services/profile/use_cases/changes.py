"""What happened to whom in one transaction, and the facts told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any, Literal

import msgspec

from services.profile.domain.identifiers import EMAIL
from services.profile.domain.orders import Purchases
from services.profile.domain.segments.conditions import Aspect
from services.profile.domain.traits import is_withdrawn, present
from services.profile.use_cases.ports import Work
from shared.contracts import profile as contracts
from shared.contracts.contract import Contract

Change = Aspect | Literal["names", "birth"]

MAX_TOLD_BYTES = 256 * 1024
"""JSON of the traits in one fact: with the names and orders of a profile it fits into a record of the bus."""

_encode = msgspec.json.Encoder().encode


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
            traits=_told(present(traits.get(profile.profile_id, {}))),
            purchases=_public(profile.purchases),
            email_withdrawn=is_withdrawn(traits.get(profile.profile_id, {}), EMAIL),
            traceparent=changes.traces.get(profile.profile_id),
        )
        for profile in profiles
    ]


def _told(traits: Mapping[str, Any]) -> dict[str, Any]:
    """All traits; of more than MAX_TOLD_BYTES the longest are left out, so that no profile outgrows the bus."""
    if len(_encode(traits)) <= MAX_TOLD_BYTES:
        return dict(traits)
    sizes = {key: len(_encode({key: value})) for key, value in traits.items()}
    shortest = sorted(sizes, key=lambda key: (sizes[key], key))
    until = accumulate(sizes[key] for key in shortest)
    fitting = {key for key, size in zip(shortest, until, strict=True) if size <= MAX_TOLD_BYTES}
    return {key: value for key, value in traits.items() if key in fitting}


def _public(purchases: Purchases) -> contracts.Purchases:
    return msgspec.convert(purchases, contracts.Purchases, from_attributes=True)
