"""A customer as one row: who and since when, and what the purchases add up to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.profile.domain.orders import Purchases


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`version` grows by one with every published change; when it was seen first and last is by the customer's time."""

    profile_id: str
    version: int
    created_at: datetime
    changed_at: datetime
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    identified: bool = False
    purchases: Purchases = field(default_factory=Purchases)

    def seen(self, *times: datetime | None) -> Profile:
        """The profile after it was seen at these times too."""
        known = [at for at in (self.first_seen_at, self.last_seen_at, *times) if at is not None]
        return replace(self, first_seen_at=min(known), last_seen_at=max(known)) if known else self

    def changed(self, now: datetime) -> Profile:
        """The next version of it."""
        return replace(self, version=self.version + 1, changed_at=now)
