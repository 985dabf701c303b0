"""What score runs need of storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from services.scoring.domain.orders import Account
from services.scoring.domain.scores import Score
from shared.contracts.contract import Contract

RunState = Literal["queued", "computing", "publishing", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class Customer:
    """What a customer bought, under every subject they were known by.

    `profile_id` is None while no profile is known for the subject. `identified`: known by more than a device.
    """

    profile_id: str | None
    identified: bool
    account: Account


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What was asked of a score run."""

    models: tuple[str, ...]
    as_of: datetime
    holdout_days: int | None = None
    holdout_tolerance: float = 0.25
    annual_discount: float = 0.1
    include_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, in scores: those computed, and those of them told on the bus, or erased meanwhile."""

    staged: int = 0
    published: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRun:
    """One run of the models. `attempt` grows whenever a worker takes the run up; an older attempt may not write.

    `failures` counts attempts in a row that came to nothing. The one under way is among them until it gets on: a worker
    that is killed has no other way to tell.
    """

    id: str
    state: RunState
    trigger: Literal["request", "schedule"]
    settings: RunSettings
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 0
    failures: int = 0
    progress: Progress = Progress()
    report: Mapping[str, Any] | None = None
    error: str | None = None
    traceparent: str | None = None
    """The trace of whoever asked for the run; its scores carry it on."""

    def ended(self, state: RunState, *, at: datetime, error: str | None = None) -> ScoreRun:
        """The run, over."""
        return replace(self, state=state, finished_at=at, error=error)


class TakenOver(Exception):
    """Another worker has taken this run up: what this one computed is no longer wanted."""


class Runs(Protocol):
    """Score runs, inside one transaction."""

    def add(self, run: ScoreRun) -> None: ...

    def take_up(self, *, at: datetime) -> ScoreRun | None:
        """The oldest run that is not over, as a new attempt; None when there is none.

        A run that was computing starts again: what it had staged is dropped. Until it gets on it counts as failed.
        """
        ...

    def save(self, run: ScoreRun) -> None:
        """Keep the run's new state. Raises TakenOver when a later attempt has begun."""
        ...

    def stage(self, run: ScoreRun, scores: Sequence[Score]) -> None:
        """Keep computed scores, not yet told to anybody. Raises TakenOver."""
        ...

    def to_publish(self, run: ScoreRun, limit: int) -> Sequence[Score]:
        """The next `limit` scores, in the order of staging, after those that are published; without erased ones."""
        ...

    def lost(self, run: ScoreRun) -> Sequence[tuple[str, str]]:
        """(profile id, model) that the run before has a score of and this one has none, when this one is to count."""
        ...

    def forget_all_but(self, keep: int) -> None:
        """Drop the scores of all but the last `keep` runs that succeeded and the one of each model that counts; the
        runs and their reports stay."""
        ...

    def latest_scheduled_at(self) -> datetime | None:
        """When the latest run of the schedule was asked for."""
        ...

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        ...


class Storage(Protocol):
    """Opens transactions over runs, and reads customers."""

    def is_trouble(self, error: Exception) -> bool:
        """Whether an error tells of a storage that is away or out of room, and nothing of the run."""
        ...

    def transaction(self) -> AbstractContextManager[Runs]:
        """Runs that are committed at the end of the block, and rolled back on an error."""
        ...

    def customers(self, *, until: datetime) -> AbstractContextManager[Iterator[Customer]]:
        """All customers with what they did until then, one after the other, from one snapshot."""
        ...
