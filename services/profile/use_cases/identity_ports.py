"""What resolving identities needs of storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.profile.domain.identifiers import Identifier
from services.profile.domain.identity import Attachment, Identity, Merge, RefusedTie
from services.profile.domain.orders import OrderRecord
from services.profile.domain.traits import Observation


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a merged profile brought along, enough to give it back: `shared_orders` are those both had, each as it was
    with the survivor and with the merged profile."""

    merge: Merge
    profile_id: str
    traits: tuple[Observation, ...]
    orders: tuple[str, ...]
    shared_orders: tuple[tuple[OrderRecord, OrderRecord], ...]


class Identities(Protocol):
    """Names and who has them."""

    def owners(self, names: Collection[Identifier]) -> list[Identity]:
        """The profiles that have any of `names`, each with all its names."""
        ...

    def of(self, profile_ids: Collection[str]) -> list[Identity]:
        """These profiles with all their names."""
        ...

    def attach(self, attachments: Sequence[Attachment], now: datetime) -> None:
        """Write names that nobody had."""
        ...

    def keep_refused(self, refused: Sequence[RefusedTie], now: datetime) -> None:
        """Write ties that were not made, once each."""
        ...

    def merge(self, contributions: Sequence[Contribution], now: datetime) -> None:
        """Move every name to the surviving profile, and keep the records of the merges, which also redirect."""
        ...

    def survivors(self, profile_ids: Collection[str]) -> dict[str, str]:
        """For each id that was ever a profile's, the id it lives on as."""
        ...
