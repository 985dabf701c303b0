"""What a customer's next visit is expected to cost: Gamma-Gamma where it can be fitted, a shrunk mean elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.errors import TooFewData
from services.scoring.domain.maximum_likelihood import Estimate
from services.scoring.domain.models import gamma_gamma
from services.scoring.domain.repeat_statistics import Floats
from services.scoring.domain.visits import Visits

SHRUNK_MEAN = "shrunk_mean"


@dataclass(frozen=True, eq=False)
class Spending:
    """For each customer the expected cost of a visit in minor units, with its standard error, and how it was come by.

    `correlation` of frequency and spending should be near zero for Gamma-Gamma to be apt; None without repeaters.
    """

    model: str
    mean: Floats
    error: Floats
    estimate: Estimate | None
    correlation: float | None
    fallback: str


def expect_spending(visits: Visits) -> Spending:
    """Fit to the repeat visits with money above zero; fall back when that cannot be done, and say why."""
    count, mean = visits.repeat_spending()
    correlation = _correlation(count[count > 0].astype(np.float64), mean[count > 0])
    try:
        estimate = gamma_gamma.fit(count, mean)
    except TooFewData as problem:
        return _shrunk_mean(visits, correlation=correlation, fallback=str(problem))
    if not estimate.converged:
        return _shrunk_mean(visits, estimate, correlation=correlation, fallback=estimate.message)
    if estimate.parameters[1] <= 1.0:
        fallback = "q <= 1: the population has no mean"
        return _shrunk_mean(visits, estimate, correlation=correlation, fallback=fallback)
    expected = gamma_gamma.expected_spending(estimate.parameters, visits=count, mean=mean)
    slope = gamma_gamma.spending_gradient(estimate.parameters, visits=count, mean=mean)
    return Spending(gamma_gamma.NAME, expected, estimate.delta(slope), estimate, correlation, "")


def _shrunk_mean(
    visits: Visits, estimate: Estimate | None = None, *, correlation: float | None, fallback: str
) -> Spending:
    """Own visits and one more at everybody's mean."""
    paid = np.nan_to_num(visits.money) > 0
    money, customer = visits.money[paid], visits.customer[paid]
    overall = float(money.mean()) if money.size else 0.0
    spread = float(money.std()) if money.size else 0.0
    count = np.bincount(customer, minlength=visits.customers) + 1.0
    total = np.bincount(customer, weights=money, minlength=visits.customers) + overall
    return Spending(SHRUNK_MEAN, total / count, spread / np.sqrt(count), estimate, correlation, fallback)


def _correlation(first: Floats, second: Floats) -> float | None:
    if first.size < 3 or first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])
