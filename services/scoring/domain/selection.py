"""Which model of repeat buying to trust: those that converge are held against what customers did next.

The families are tried in order (BG/NBD, Pareto/NBD, MBG/NBD). Each is fitted to the first part of the history and
forecasts the rest. The first that has an interior maximum with standard errors, on the part and on the whole, and whose
forecast of the total is near the truth, is taken. Else the empirical rates are, and the attempts say why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.forecast import FittedFamily, Forecaster
from services.scoring.domain.maximum_likelihood import Estimate, maximise
from services.scoring.domain.models import empirical
from services.scoring.domain.models.beta_geometric import BG_NBD, MBG_NBD
from services.scoring.domain.models.pareto_nbd import PARETO_NBD
from services.scoring.domain.models.purchase_family import PurchaseFamily
from services.scoring.domain.repeat_statistics import DAYS_PER_WEEK, Floats, Ints, RepeatStatistics
from services.scoring.domain.visits import Visits

FAMILIES: tuple[PurchaseFamily, ...] = (BG_NBD, PARETO_NBD, MBG_NBD)
MIN_REPEATERS = 30
WIDEST_LOG_ERROR = 2.0
"""A parameter whose logarithm has a larger standard error is as good as unknown."""


@dataclass(frozen=True)
class HoldoutPolicy:
    """How much of the history's end is held out (`days`, or a quarter of it), and which bias of the total passes."""

    days: int | None = None
    tolerance: float = 0.25
    min_days: int = 28
    max_days: int = 273

    def days_of(self, span_days: int) -> int | None:
        """Days to hold out of a history of `span_days`; None when it is too short to be split."""
        if self.days is not None:
            return self.days if self.days < span_days else None
        days = min(max(span_days // 4, self.min_days), self.max_days)
        return days if 2 * days <= span_days else None


@dataclass(frozen=True)
class Backtest:
    """What a model fitted to the calibration part forecast for the holdout part, and what happened."""

    calibration_days: int
    holdout_days: int
    customers: int
    expected: float
    actual: int
    mean_absolute_error: float

    @property
    def bias(self) -> float:
        """The error of the total as a fraction of what happened."""
        return (self.expected - self.actual) / max(self.actual, 1)


@dataclass(frozen=True, eq=False)
class Attempt:
    """One model, tried: on the calibration part, against the holdout, on the whole; `refusal` is empty if accepted."""

    model: str
    calibration: Estimate | None
    backtest: Backtest | None
    whole: Estimate | None
    refusal: str

    @property
    def accepted(self) -> bool:
        return not self.refusal


@dataclass(frozen=True, eq=False)
class Selection:
    """The chosen model, fitted to the whole history, and as it was fitted to the calibration part (for tracking)."""

    chosen: Forecaster
    calibrated: Forecaster | None
    calibration_end: int | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, eq=False)
class _Split:
    """The history up to `end` of calibration, and the purchases of its customers in the days after."""

    visits: Visits
    seen: RepeatStatistics
    bought: Ints
    end: int
    holdout_days: int

    def backtest(self, forecaster: Forecaster) -> Backtest:
        weeks = np.array([self.holdout_days / DAYS_PER_WEEK])
        expected: Floats = forecaster.purchases(self.seen, weeks)[:, 0][self.seen.row_of]
        return Backtest(
            calibration_days=self.end - int(self.visits.day.min()),
            holdout_days=self.holdout_days,
            customers=self.seen.customers,
            expected=float(expected.sum()),
            actual=int(self.bought.sum()),
            mean_absolute_error=float(np.abs(expected - self.bought).mean()),
        )


def select(visits: Visits, *, day: int, policy: HoldoutPolicy) -> Selection:
    """Choose a model for `visits`, watched until `day`. `visits` must hold at least one, none after `day`."""
    split = _split(visits, day=day, policy=policy)
    whole = visits.statistics(day)
    attempts: list[Attempt] = []
    for family in FAMILIES:
        attempt = _attempt(family, whole=whole, split=split, tolerance=policy.tolerance)
        attempts.append(attempt)
        if attempt.accepted and attempt.whole is not None:
            calibrated = FittedFamily(family, attempt.calibration) if attempt.calibration else None
            end = split.end if split and calibrated else None
            return Selection(FittedFamily(family, attempt.whole), calibrated, end, tuple(attempts))
    return _empirical(visits, day=day, split=split, attempts=attempts, policy=policy)


def _split(visits: Visits, *, day: int, policy: HoldoutPolicy) -> _Split | None:
    days = policy.days_of(day - int(visits.day.min()))
    if days is None:
        return None
    end = day - days
    known = visits.until(end)
    bought = visits.counts_between(end, day)[visits.seen_by(end)]
    return _Split(known, known.statistics(end), bought, end, days)


def _attempt(family: PurchaseFamily, *, whole: RepeatStatistics, split: _Split | None, tolerance: float) -> Attempt:
    if whole.repeaters < MIN_REPEATERS:
        return Attempt(family.name, None, None, None, f"only {whole.repeaters} customers came back")
    calibration = fit(family, split.seen) if split and split.seen.repeaters >= MIN_REPEATERS else None
    backtest = None
    if split and calibration:
        backtest = split.backtest(FittedFamily(family, calibration))
        refusal = _unfit(calibration, "the calibration part") or _biased(backtest, tolerance)
        if refusal:
            return Attempt(family.name, calibration, backtest, None, refusal)
    estimate = fit(family, whole)
    return Attempt(family.name, calibration, backtest, estimate, _unfit(estimate, "the whole history"))


def fit(family: PurchaseFamily, seen: RepeatStatistics) -> Estimate:
    """Fit `family` by maximum likelihood."""
    return maximise(
        lambda parameters: family.log_likelihood(parameters, seen),
        names=family.parameter_names,
        starts=family.starts,
        observations=seen.customers,
    )


def _unfit(estimate: Estimate, part: str) -> str:
    """Why the estimate cannot be trusted, or nothing."""
    if estimate.log_covariance is None:
        return f"on {part}: {estimate.message}"
    widths = np.sqrt(np.diag(estimate.log_covariance))
    unknown = [name for name, width in zip(estimate.names, widths, strict=True) if width > WIDEST_LOG_ERROR]
    return f"on {part}: the data hardly tell {', '.join(unknown)}" if unknown else ""


def _biased(backtest: Backtest, tolerance: float) -> str:
    if abs(backtest.bias) <= tolerance:
        return ""
    return f"expected {backtest.expected:.0f} repeat purchases in the holdout, {backtest.actual} happened"


def _empirical(
    visits: Visits, *, day: int, split: _Split | None, attempts: list[Attempt], policy: HoldoutPolicy
) -> Selection:
    """Empirical rates; their back-test has learnt from the calibration part only, like the others."""
    window = split.holdout_days if split else policy.min_days
    calibrated = empirical.fit(split.visits, day=split.end, window_days=window) if split else None
    backtest = split.backtest(calibrated) if split and calibrated else None
    attempts.append(Attempt(empirical.NAME, None, backtest, None, ""))
    chosen = empirical.fit(visits, day=day, window_days=window)
    return Selection(chosen, calibrated, split.end if split else None, tuple(attempts))
