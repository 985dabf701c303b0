"""What a run says of itself, as plain and finite data: who was scored, how each fit went, who stands in which block."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from services.scoring.domain.lifetime_value import LifetimeValues
from services.scoring.domain.maximum_likelihood import Estimate
from services.scoring.domain.population import Population, day_of
from services.scoring.domain.rfm import BLOCKS
from services.scoring.domain.scores import Score
from services.scoring.domain.selection import Attempt, Backtest
from services.scoring.domain.spending import Spending
from services.scoring.domain.tracking import TrackingWeek

Report = dict[str, Any]


def census_report(counts: Mapping[str, int], population: Population) -> dict[str, int]:
    """Customers by what became of them, with the orders of those scored."""
    return {**counts, "orders": int(population.orders.sum())}


def fit_report(values: LifetimeValues) -> Report:
    """How the customers of one currency were modelled, and how far that can be trusted."""
    return {
        "customers": values.seen.customers,
        "repeaters": values.seen.repeaters,
        "repeat_purchases": values.seen.repeats,
        "purchase_model": values.selection.chosen.name,
        "attempts": [_attempt(each) for each in values.selection.attempts],
        "spending": _spending(values.spending),
        "flagged_customers": int(values.flagged.size),
        "total_value_minor": _finite(float(values.value.sum())),
        "value_deciles_minor": [round(float(v), 2) for v in np.quantile(values.value, np.arange(11) / 10)],
        "tracking": [_week(each) for each in values.tracking],
    }


def _attempt(attempt: Attempt) -> Report:
    return {
        "model": attempt.model,
        "accepted": attempt.accepted,
        "refusal": attempt.refusal or None,
        "calibration": _estimate(attempt.calibration),
        "backtest": _backtest(attempt.backtest),
        "whole": _estimate(attempt.whole),
    }


def _estimate(estimate: Estimate | None) -> Report | None:
    if estimate is None:
        return None
    errors = [None] * len(estimate.names) if estimate.standard_errors is None else estimate.standard_errors.tolist()
    return {
        "parameters": [
            {"name": name, "value": _finite(value), "standard_error": _finite(error)}
            for name, value, error in zip(estimate.names, estimate.parameters.tolist(), errors, strict=True)
        ],
        "log_likelihood": _finite(estimate.log_likelihood),
        "observations": estimate.observations,
        "converged": estimate.converged,
        "message": estimate.message,
    }


def _backtest(backtest: Backtest | None) -> Report | None:
    if backtest is None:
        return None
    return {
        "calibration_days": backtest.calibration_days,
        "holdout_days": backtest.holdout_days,
        "customers": backtest.customers,
        "expected_repeats": _finite(backtest.expected),
        "actual_repeats": backtest.actual,
        "bias": _finite(backtest.bias),
        "mean_absolute_error": _finite(backtest.mean_absolute_error),
    }


def _spending(spending: Spending) -> Report:
    return {
        "model": spending.model,
        "estimate": _estimate(spending.estimate),
        "correlation_with_frequency": _finite(spending.correlation),
        "fallback": spending.fallback or None,
    }


def _week(week: TrackingWeek) -> Report:
    return {
        "week": week.week,
        "ends_on": day_of(week.ends_on_day).isoformat(),
        "expected": _finite(week.expected),
        "actual": week.actual,
        "holdout": week.holdout,
    }


def _finite(value: float | None) -> float | None:
    return round(float(value), 8) if value is not None and math.isfinite(value) else None


class GridCount:
    """Counts RFM scores into the six blocks, by currency."""

    def __init__(self) -> None:
        self._cells: defaultdict[tuple[str, str], Report] = defaultdict(
            lambda: {"customers": 0, "net_minor": 0, "lapsing": 0}
        )

    def count(self, score: Score) -> None:
        """Add one customer's RFM score."""
        cell = self._cells[score.currency, score.label]
        cell["customers"] += 1
        cell["net_minor"] += score.values["net_minor"]
        cell["lapsing"] += bool(score.values["lapsing"])

    def report(self) -> list[Report]:
        """All six blocks of every currency that was seen, empty ones too."""
        currencies = sorted({currency for currency, _ in self._cells})
        return [
            {"currency": currency, "block": block, **self._cells[currency, block]}
            for currency in currencies
            for block in BLOCKS
        ]
