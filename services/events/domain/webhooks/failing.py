"""How long an endpoint has failed, as far as it was tried.

Svix counts days of failure only where attempts lie within them. Here each wait between two attempts counts, but for
what is longer than a quarter of the time to be disabled after: 30 of 120 hours, more than the schedule ever waits. So
neither a worker that was away nor a fact a month disables an endpoint by one more failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

_WAITS = 4
"""At least so many waits, and one attempt more, make up the time to be disabled after."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Attempts in a row that failed: the first, the last, and the seconds that count between them."""

    since: datetime
    last_at: datetime
    tried_s: float = 0.0

    def again(self, at: datetime, *, disable_after_s: float) -> Failing:
        """The same with one more failure."""
        waited_s = min(max((at - self.last_at).total_seconds(), 0.0), disable_after_s / _WAITS)
        return replace(self, last_at=max(at, self.last_at), tried_s=self.tried_s + waited_s)
