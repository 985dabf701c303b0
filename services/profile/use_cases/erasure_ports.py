"""What erasing customers needs of storage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from services.profile.domain.erasures import Erasure


class Erasures(Protocol):
    """What is to be erased, and what is left of what was: hashes of names. Names are `profile:<id>`, or kind and value
    of an identifier with a colon between them."""

    def merged_into(self, profile_id: str) -> list[str]:
        """The ids that this profile has absorbed."""
        ...

    def remove(self, profile_ids: Collection[str], *, subjects: Collection[str]) -> None:
        """Delete every row about these profiles, and dead letters about them or their subjects."""
        ...

    def record(self, erasure: Erasure) -> None:
        """Keep that and when somebody was erased."""
        ...

    def add_names(self, names: Collection[str], erasure: Erasure) -> None:
        """Remember, hashed, that these names were erased."""
        ...

    def latest(self) -> datetime | None:
        """When anybody was erased last."""
        ...

    def of(self, names: Collection[str]) -> Mapping[str, Erasure]:
        """The last erasure of each name that was ever erased."""
        ...
