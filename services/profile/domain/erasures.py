"""What is kept of an erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That somebody was erased, and when; not who. What was received until then is gone, what comes later is new.

    `requested_by` is the id of the API key that asked for it, `profiles` how many ids the customer's profile had had.
    """

    id: str
    erased_at: datetime
    requested_by: str
    profiles: int
