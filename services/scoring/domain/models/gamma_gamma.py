"""Gamma-Gamma: what a customer spends at a visit varies around the customer's own mean, and those means vary too.

Fader & Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). Takes only customers with repeat visits and money
above zero; assumes that spending does not go with frequency, which the correlation in a fit's report lets one judge.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln

from services.scoring.domain.errors import TooFewData
from services.scoring.domain.maximum_likelihood import Estimate, maximise
from services.scoring.domain.repeat_statistics import Floats, Ints

NAME = "gamma_gamma"
PARAMETER_NAMES = ("p", "q", "gamma")
MIN_CUSTOMERS = 30


def log_likelihood(parameters: Floats, *, visits: Floats, mean: Floats) -> tuple[float, Floats]:
    """Of customers with `visits` > 0 repeat visits that cost `mean` > 0 on average; with its gradient."""
    p, q, gamma = parameters
    px, spent = p * visits, gamma + visits * mean
    log_share = np.log(visits * mean / spent)
    value = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma / spent) + px * log_share - np.log(mean)
    both = digamma(px + q)
    gradient = (
        np.sum(visits * (both - digamma(px) + log_share)),
        np.sum(both - digamma(q) + np.log(gamma / spent)),
        np.sum(q / gamma - (px + q) / spent),
    )
    return float(value.sum()), np.array(gradient)


def fit(visits: Ints, mean: Floats) -> Estimate:
    """Fit to the customers with a positive mean; raises TooFewData below MIN_CUSTOMERS of them.

    Spending is divided by its median during the search, so that yen and dollars are searched alike.
    """
    usable = (visits > 0) & (mean > 0)
    if int(usable.sum()) < MIN_CUSTOMERS:
        raise TooFewData(f"{int(usable.sum())} customers have repeat spending, at least {MIN_CUSTOMERS} are needed")
    count = visits[usable].astype(np.float64)
    unit = float(np.median(mean[usable]))
    estimate = maximise(
        lambda parameters: log_likelihood(parameters, visits=count, mean=mean[usable] / unit),
        names=PARAMETER_NAMES,
        starts=((3.0, 3.0, 1.0), (6.0, 4.0, 0.5)),
        observations=count.size,
    )
    return _in_money(estimate, unit)


def _in_money(estimate: Estimate, unit: float) -> Estimate:
    """The same estimate with gamma, and the density of the data, in units of money."""
    scale = np.array([1.0, 1.0, unit])
    errors = estimate.standard_errors
    return Estimate(
        names=estimate.names,
        parameters=estimate.parameters * scale,
        log_likelihood=estimate.log_likelihood - estimate.observations * float(np.log(unit)),
        observations=estimate.observations,
        converged=estimate.converged,
        message=estimate.message,
        standard_errors=None if errors is None else errors * scale,
        log_covariance=estimate.log_covariance,
        gradient=estimate.gradient,
    )


def expected_spending(parameters: Floats, *, visits: Ints, mean: Floats) -> Floats:
    """What each customer's next visit is expected to cost; needs q > 1, else the population has no mean."""
    p, q, gamma = parameters
    return np.asarray(p * (gamma + visits * mean) / (p * visits + q - 1.0))


def spending_gradient(parameters: Floats, *, visits: Ints, mean: Floats) -> Floats:
    """The gradient of `expected_spending` by the logarithms of p, q and gamma, (customers, 3)."""
    p, q, gamma = parameters
    spending = expected_spending(parameters, visits=visits, mean=mean)
    below = p * visits + q - 1.0
    by_p = spending * (1.0 - p * visits / below)
    return np.stack([by_p, -spending * q / below, p * gamma / below], axis=1)
