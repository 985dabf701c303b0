"""What one touchpoint says, in profile's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.profile.domain.identity import Tie
from services.profile.domain.orders import OrderRecord
from services.profile.domain.traits import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A customer seen at a touchpoint: under which names, with which traits, ordering what."""

    tie: Tie
    at: datetime
    observations: tuple[Observation, ...] = ()
    order: OrderRecord | None = None
    traceparent: str | None = None
