"""Do a score run: compute, keep, tell. Killed at any moment, it goes on without telling anything twice.

Scores are first staged, invisible, in slices. Only when all are there does the run turn to publishing, and from then on
the staged rows are what is told, whatever the facts have become meanwhile. Each slice is told in the transaction that
also moves the run's progress. Who had a score and has none any more is told with the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.scoring.domain.errors import ScoringError
from services.scoring.domain.lifetime_value import LifetimeValues
from services.scoring.domain.orders import Account
from services.scoring.domain.population import Population, day_number, gather
from services.scoring.domain.scores import RFM
from services.scoring.domain.scoring import ScoringPlan, score
from services.scoring.domain.selection import HoldoutPolicy
from services.scoring.use_cases.ports import Progress, RunSettings, ScoreRun, Storage, TakenOver
from services.scoring.use_cases.report_run import GridCount, census_report, fit_report
from services.scoring.use_cases.tell_scores import computed, withdrawn
from shared.batched import batched
from shared.clock import Clock

SLICE = 1_000
"""Scores staged, and scores told, in one transaction."""

MAX_FAILURES = 5
DIED = f"its worker died {MAX_FAILURES} times over it, killed or out of memory"

StillMine = Callable[[], bool]
"""Asked between slices: may this worker go on?"""


def perform_next_run(
    storage: Storage, *, clock: Clock, still_mine: StillMine, keep_runs: int, slice_size: int = SLICE
) -> bool:
    """Do, or finish, the oldest run that is not over. False when there was nothing to do.

    Raises TakenOver when another worker has the run now. What else goes wrong is counted on the run, which fails
    for good after MAX_FAILURES, and raised again. So are attempts that were killed. A database in trouble is no
    failure of the run.
    """
    with storage.transaction() as runs:
        run = runs.take_up(at=clock())
    if run is None:
        return False
    if run.failures > MAX_FAILURES:
        _fail(storage, run, reason=DIED, at=clock())
        return True
    try:
        if run.state == "computing":
            run = _compute(storage, run, still_mine=still_mine, slice_size=slice_size)
        while run.state == "publishing" and still_mine():
            run = _publish_slice(storage, run, limit=slice_size, keep_runs=keep_runs, at=clock())
        if run.finished_at is None:
            _hand_back(storage, run)
    except ScoringError as problem:
        _fail(storage, run, reason=str(problem), at=clock())
    except TakenOver:
        raise
    except Exception as error:
        if storage.is_trouble(error):
            _hand_back(storage, run)
        else:
            _count_failure(storage, run, error=error, at=clock())
        raise
    return True


def _compute(storage: Storage, run: ScoreRun, *, still_mine: StillMine, slice_size: int) -> ScoreRun:
    population, census = _census(storage, run.settings)
    grid = GridCount()
    fits: dict[str, Any] = {}

    def report(currency: str, values: LifetimeValues) -> None:
        fits[currency] = fit_report(values)

    for batch in batched(score(population, _plan(run.settings), report), slice_size):
        if not still_mine():
            return run
        for each in batch:
            if each.model == RFM:
                grid.count(each)
        run = replace(run, progress=Progress(run.progress.staged + len(batch)))
        with storage.transaction() as runs:
            runs.stage(run, batch)
    run = replace(run, state="publishing", failures=0, report={"counts": census, "fits": fits, "grid": grid.report()})
    with storage.transaction() as runs:
        runs.save(run)
    return run


def _census(storage: Storage, settings: RunSettings) -> tuple[Population, dict[str, int]]:
    """Those to be scored, and the account of who was not, and why."""
    counts = {"scored": 0, "without_profile": 0, "anonymous": 0, "without_purchase": 0}

    def scored() -> Iterator[tuple[str, Account]]:
        for customer in customers:
            if not customer.account.purchases:
                counts["without_purchase"] += 1
            elif not customer.identified and not settings.include_anonymous:
                counts["anonymous"] += 1
            elif customer.profile_id is None:
                counts["without_profile"] += 1
            else:
                counts["scored"] += 1
                yield customer.profile_id, customer.account

    with storage.customers(until=settings.as_of) as customers:
        population = gather(scored())
    return population, census_report(counts, population)


def _plan(settings: RunSettings) -> ScoringPlan:
    return ScoringPlan(
        models=settings.models,
        day=day_number(settings.as_of),
        policy=HoldoutPolicy(days=settings.holdout_days, tolerance=settings.holdout_tolerance),
        annual_discount=settings.annual_discount,
    )


def _publish_slice(storage: Storage, run: ScoreRun, *, limit: int, keep_runs: int, at: datetime) -> ScoreRun:
    reached = min(run.progress.published + limit, run.progress.staged)
    with storage.transaction() as runs:
        if run.progress.published < reached:
            runs.tell(computed(run, runs.to_publish(run, limit), at=at))
            run = replace(run, progress=replace(run.progress, published=reached), failures=0)
        else:
            runs.tell(withdrawn(run, runs.lost(run), at=at))
            run = run.ended("succeeded", at=at)
        runs.save(run)
        if run.state == "succeeded":
            runs.forget_all_but(keep_runs)
    return run


def _fail(storage: Storage, run: ScoreRun, *, reason: str, at: datetime) -> None:
    with storage.transaction() as runs:
        runs.save(run.ended("failed", at=at, error=reason))


def _hand_back(storage: Storage, run: ScoreRun) -> None:
    """Leave the run to another worker, or to a later attempt, without counting this one."""
    with storage.transaction() as runs:
        runs.save(replace(run, failures=max(0, run.failures - 1)))


def _count_failure(storage: Storage, run: ScoreRun, *, error: Exception, at: datetime) -> None:
    failed = replace(run, failures=max(1, run.failures), error=f"{type(error).__name__}: {error}")
    if failed.failures >= MAX_FAILURES:
        failed = failed.ended("failed", at=at, error=failed.error)
    with storage.transaction() as runs:
        runs.save(failed)
