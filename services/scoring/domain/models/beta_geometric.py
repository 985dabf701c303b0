"""BG/NBD and MBG/NBD: customers buy at a Gamma-distributed rate and leave, after purchases, with a Beta probability.

BG/NBD: Fader, Hardie & Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005). A customer can leave
only after a repeat purchase, so a one-time buyer is certain to be alive.
MBG/NBD: Batislam, Denizel & Filiztekin, International Journal of Research in Marketing 24 (2007); Hoppe & Wagner
(2007). A customer can also leave right after the first purchase.

The two differ by one success of the coin, `_shift`. Expected purchases are written as an expectation over the
probability of leaving and taken by Gauss quadrature: unlike the closed form with 2F1 that has neither a pole at
a = 1 nor cancellation for heavy buyers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln

from services.scoring.domain.models.quadrature import beta_rule
from services.scoring.domain.repeat_statistics import Floats, RepeatStatistics


@dataclass(frozen=True)
class BetaGeometric:
    """A PurchaseFamily with parameters r, alpha (rate of buying, weeks) and a, b (probability of leaving)."""

    name: str
    leaves_after_first: bool
    parameter_names: tuple[str, ...] = ("r", "alpha", "a", "b")
    starts: Sequence[Sequence[float]] = ((0.5, 8.0, 0.5, 2.0), (1.0, 10.0, 0.1, 5.0), (0.2, 3.0, 1.5, 1.5))

    @property
    def _shift(self) -> int:
        return int(self.leaves_after_first)

    def _odds_left(self, parameters: Floats, seen: RepeatStatistics) -> tuple[Floats, Floats]:
        """For each row, the log odds of having left after the last purchase, and log(alpha + T)."""
        r, alpha, a, b = parameters
        x = seen.counts.values
        kept = b + x + self._shift - 1.0
        can_leave = (x > 0) | self.leaves_after_first
        log_odds = np.where(can_leave, np.log(a) - np.log(np.where(can_leave, kept, 1.0)), -np.inf)
        log_age = np.log(alpha + seen.age.values)[seen.age.index]
        log_last = np.log(alpha + seen.last.values)[seen.last.index]
        return log_odds[seen.counts.index] + (r + seen.x) * (log_age - log_last), log_age

    def log_likelihood(self, parameters: Floats, seen: RepeatStatistics) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        odds, log_age = self._odds_left(parameters, seen)
        x, shift = seen.counts.values, self._shift
        in_class: Floats = np.asarray(np.bincount(seen.counts.index, weights=seen.weight, minlength=x.size), float)
        by_count = gammaln(r + x) + gammaln(b + x + shift) - gammaln(a + b + x + shift)
        constant = -gammaln(r) + r * np.log(alpha) + gammaln(a + b) - gammaln(b)
        value = in_class @ (by_count + constant) + seen.weight @ (np.logaddexp(0.0, odds) - (r + seen.x) * log_age)
        left = expit(odds) * seen.weight
        return float(value), self._gradient(parameters, seen, left=left, in_class=in_class)

    def _gradient(self, parameters: Floats, seen: RepeatStatistics, *, left: Floats, in_class: Floats) -> Floats:
        """`left` weighs each row with the probability of having left, `in_class` counts customers by purchases."""
        r, alpha, a, b = parameters
        x, last, age = seen.counts.values, alpha + seen.last.values, alpha + seen.age.values
        stayed = seen.weight - left
        trials = digamma(a + b) - digamma(a + b + x + self._shift)
        kept = np.where((x > 0) | self.leaves_after_first, b + x + self._shift - 1.0, np.inf)
        # Sums over rows are taken by distinct value first: logarithms and quotients are then few.
        left_at = np.bincount(seen.last.index, weights=left, minlength=last.size)
        stayed_at = np.bincount(seen.age.index, weights=stayed, minlength=age.size)
        visits_left = np.bincount(seen.last.index, weights=left * (r + seen.x), minlength=last.size)
        visits_stayed = np.bincount(seen.age.index, weights=stayed * (r + seen.x), minlength=age.size)
        left_by_count = np.bincount(seen.counts.index, weights=left, minlength=x.size)
        return np.array(
            [
                in_class @ (digamma(r + x) - digamma(r) + np.log(alpha))
                - stayed_at @ np.log(age)
                - left_at @ np.log(last),
                in_class.sum() * r / alpha - visits_stayed @ (1.0 / age) - visits_left @ (1.0 / last),
                in_class @ trials + left.sum() / a,
                in_class @ (trials + digamma(b + x + self._shift) - digamma(b)) - left_by_count @ (1.0 / kept),
            ]
        )

    def p_alive(self, parameters: Floats, seen: RepeatStatistics) -> Floats:
        return np.asarray(expit(-self._odds_left(parameters, seen)[0]))

    def expected_purchases(self, parameters: Floats, seen: RepeatStatistics, *, weeks: Floats) -> Floats:
        r, alpha, a, b = parameters
        alive = self.p_alive(parameters, seen)
        points, weights = beta_rule(a, b + seen.counts.values + self._shift)
        expected = np.empty((seen.x.size, weeks.size))
        # Rows are taken in slices: a million rows times the nodes would not fit the cache, nor small memories.
        for start in range(0, seen.x.size, 8192):
            rows = slice(start, start + 8192)
            index = seen.counts.index[rows]
            horizon = 1.0 / (alpha + seen.age.values[seen.age.index[rows]])
            visits = r + seen.x[rows, None]
            for column, ahead in enumerate(weeks):
                tau = (ahead * horizon)[:, None]
                mean = np.einsum(
                    "ij,ij->i", weights[index], _purchases_before_leaving(points[index], visits=visits, tau=tau)
                )
                expected[rows, column] = alive[rows] * mean
        return expected

    def expected_since_first(self, parameters: Floats, weeks: Floats) -> Floats:
        r, alpha, a, b = parameters
        points, weights = beta_rule(a, np.array([b + self._shift]))
        purchases = _purchases_before_leaving(points, visits=r, tau=weeks[:, None] / alpha) @ weights[0]
        survives_first = b / (a + b) if self.leaves_after_first else 1.0
        return np.asarray(survives_first * purchases)


def _purchases_before_leaving(p: Floats, *, visits: Floats | float, tau: Floats) -> Floats:
    """(1 - (1 + p tau)^-visits) / p, the purchases of a living customer who leaves after each with probability p."""
    p = np.maximum(p, 1e-300)
    return np.asarray(-np.expm1(-visits * np.log1p(p * tau)) / p)


BG_NBD = BetaGeometric("bg_nbd", leaves_after_first=False)
MBG_NBD = BetaGeometric("mbg_nbd", leaves_after_first=True)
