"""A replay: the facts of a time, told to one endpoint again, or for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.events.domain.webhooks.errors import WindowRefused

KEPT = timedelta(days=7)
"""How long the log keeps facts, and so how far back a replay reaches."""
ON_THEIR_WAY = timedelta(seconds=2)
"""So long facts may take from their moment to a log, and so much clocks may differ; a replay begins behind them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one partition of the log: where the replay began, where it is, and where it ends."""

    start: int
    at: int
    end: int


Stretches = Mapping[str, Stretch]
"""By `topic/partition`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Facts with `since` <= timestamp < `until` go to the endpoint.

    `event_types` are taken instead of the endpoint's own, unless empty. With `missing_only` what the endpoint was told
    before is left out. `stretches` is None until the log was first asked; `read` counts the facts of the time so far.
    """

    id: str
    endpoint_id: str
    owner: str
    since: datetime
    until: datetime
    event_types: tuple[str, ...]
    missing_only: bool
    state: str
    created_at: datetime
    finished_at: datetime | None = None
    stretches: Stretches | None = None
    read: int = 0
    version: int = 1

    @property
    def progress(self) -> float:
        """The share of the log that was read, from 0 to 1."""
        if self.stretches is None:
            return float(self.state == "done")
        whole = sum(each.end - each.start for each in self.stretches.values())
        return sum(each.at - each.start for each in self.stretches.values()) / whole if whole else 1.0

    def covers(self, moment: datetime) -> bool:
        """Whether a fact of that time is wanted."""
        return self.since <= moment < self.until


def check_window(since: datetime, until: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """The time that a replay covers: to the present where no end before it is named. Raises WindowRefused."""
    end = now if until is None else min(until, now)
    if since < now - KEPT:
        oldest = (now - KEPT).isoformat(timespec="seconds")
        raise WindowRefused(f"facts are kept for {KEPT.days} days; begin at {oldest} or later")
    if since >= end:
        raise WindowRefused("`since` must be earlier than `until`, and than now")
    return since, end
