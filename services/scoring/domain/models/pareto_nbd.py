"""Pareto/NBD: customers buy at a Gamma-distributed rate and live for a Pareto-distributed time.

Schmittlein, Morrison & Colombo, "Counting Your Customers", Management Science 33 (1987). The likelihood is that of
having lived until T plus the integral over all moments of leaving since the last purchase,
s * int (alpha + y)^-(r+x) (beta + y)^-(s+1) dy from t_x to T. The integral is taken numerically: all its terms are
positive, where the closed form (Fader & Hardie 2005) subtracts two Gaussian hypergeometric functions and cancels for
heavy buyers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln

from services.scoring.domain.models.quadrature import unit_rule
from services.scoring.domain.repeat_statistics import Floats, RepeatStatistics

_NODES = 32
_SLICE = 4096
_NEGLIGIBLE = 40.0
"""Powers of e below the largest integrand from which on the tail is left out: exp(-40) is below rounding."""


@dataclass(frozen=True)
class ParetoNBD:
    """A PurchaseFamily with parameters r, alpha (rate of buying) and s, beta (rate of leaving), both in weeks."""

    name: str = "pareto_nbd"
    parameter_names: tuple[str, ...] = ("r", "alpha", "s", "beta")
    starts: Sequence[Sequence[float]] = ((0.6, 10.0, 0.6, 12.0), (1.0, 8.0, 0.2, 20.0))

    def log_likelihood(self, parameters: Floats, seen: RepeatStatistics) -> tuple[float, Floats]:
        r, alpha, s, beta = parameters
        value, gradient = 0.0, np.zeros(4)
        for start in range(0, seen.x.size, _SLICE):
            rows = slice(start, start + _SLICE)
            part, slope = self._death_or_life(parameters, seen, rows=rows)
            value += float(seen.weight[rows] @ part)
            gradient += seen.weight[rows] @ slope
        x = seen.counts.values
        in_class = np.bincount(seen.counts.index, weights=seen.weight, minlength=x.size)
        value += in_class @ (gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta))
        gradient += (
            in_class @ (digamma(r + x) - digamma(r) + np.log(alpha)),
            in_class.sum() * r / alpha,
            in_class.sum() * np.log(beta),
            in_class.sum() * s / beta,
        )
        return value, gradient

    def _death_or_life(self, parameters: Floats, seen: RepeatStatistics, *, rows: slice) -> tuple[Floats, Floats]:
        """log(lived until T + left before) of each row, and its gradient by the parameters (rows, 4)."""
        r, alpha, s, beta = parameters
        visits = r + seen.x[rows]
        age = seen.age.values[seen.age.index[rows]]
        lived = -visits * np.log(alpha + age) - s * np.log(beta + age)
        log_terms, when = self._leaving(parameters, seen, rows=rows)
        peak = log_terms.max(axis=1)
        share = np.exp(log_terms - peak[:, None])
        total = share.sum(axis=1)
        left = np.log(s) + peak + np.log(total)
        share /= total[:, None]
        weight = expit(left - lived)
        by_left = (
            -np.einsum("ij,ij->i", share, np.log(alpha + when)),
            -visits * np.einsum("ij,ij->i", share, 1.0 / (alpha + when)),
            1.0 / s - np.einsum("ij,ij->i", share, np.log(beta + when)),
            -(s + 1.0) * np.einsum("ij,ij->i", share, 1.0 / (beta + when)),
        )
        by_lived = (-np.log(alpha + age), -visits / (alpha + age), -np.log(beta + age), -s / (beta + age))
        slope = [weight * a + (1.0 - weight) * b for a, b in zip(by_left, by_lived, strict=True)]
        return np.logaddexp(left, lived), np.stack(slope, axis=1)

    def _leaving(self, parameters: Floats, seen: RepeatStatistics, *, rows: slice) -> tuple[Floats, Floats]:
        """Logarithms of the integral's terms at the quadrature's moments, and those moments, (rows, nodes)."""
        r, alpha, s, beta = parameters
        points, weights = unit_rule(_NODES)
        age = seen.age.values[seen.age.index[rows]][:, None]
        last = seen.last.values[seen.last.index[rows]][:, None]
        visits = r + seen.x[rows, None]
        # On a logarithmic scale of time both factors are smooth, however small alpha or beta is.
        origin = min(alpha, beta)
        width = np.log((origin + age) / (origin + last))
        decay = (origin + last) * (visits / (alpha + last) + (s + 1.0) / (beta + last)) - 1.0
        width = np.minimum(width, _NEGLIGIBLE / np.maximum(decay, 1e-9))
        since = (origin + last) * np.exp(width * points)
        when = since - origin
        with np.errstate(divide="ignore"):
            log_terms = np.log(width * weights * since)
        log_terms = log_terms - visits * np.log(alpha + when) - (s + 1.0) * np.log(beta + when)
        return np.maximum(log_terms, -1e300), when

    def p_alive(self, parameters: Floats, seen: RepeatStatistics) -> Floats:
        r, alpha, s, beta = parameters
        age = seen.age.values[seen.age.index]
        lived = -(r + seen.x) * np.log(alpha + age) - s * np.log(beta + age)
        either = np.empty(seen.x.size)
        for start in range(0, seen.x.size, _SLICE):
            rows = slice(start, start + _SLICE)
            either[rows] = self._death_or_life(parameters, seen, rows=rows)[0]
        return np.asarray(np.exp(np.minimum(lived - either, 0.0)))

    def expected_purchases(self, parameters: Floats, seen: RepeatStatistics, *, weeks: Floats) -> Floats:
        r, alpha, s, beta = parameters
        age = seen.age.values[seen.age.index]
        rate = (r + seen.x) / (alpha + age)
        lifetime = _mean_lifetime(s, (beta + age)[:, None], weeks=weeks[None, :])
        return np.asarray((self.p_alive(parameters, seen) * rate)[:, None] * lifetime)

    def expected_since_first(self, parameters: Floats, weeks: Floats) -> Floats:
        r, alpha, s, beta = parameters
        return np.asarray(r / alpha * _mean_lifetime(s, np.asarray(beta), weeks=weeks))


def _mean_lifetime(s: float, beta: Floats, *, weeks: Floats) -> Floats:
    """Weeks that a customer whose rate of leaving is Gamma(s, beta) is still there of the next `weeks`."""
    stretch = np.log1p(weeks / beta)
    if abs(s - 1.0) < 1e-9:
        return np.asarray(beta * stretch)
    return np.asarray(beta * -np.expm1(-(s - 1.0) * stretch) / (s - 1.0))


PARETO_NBD = ParetoNBD()
