"""The last resort: what customers like this one did in the past, without a theory of leaving.

A customer's own rate, pulled towards everybody's, says what to expect of one who goes on as before. How far customers
fall short of that is measured in past windows: for classes of (repeat purchases, silence measured in own purchases
missed), actual purchases by expected ones. It always has an answer, and its answers are finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.forecast import Forecast, horizons, year_ahead
from services.scoring.domain.repeat_statistics import DAYS_PER_WEEK, Floats, Ints, RepeatStatistics
from services.scoring.domain.visits import Visits

NAME = "empirical"
MAX_WINDOWS = 6
_REPEAT_CLASSES = np.array([1, 3, 7])
_MISSED_CLASSES = np.array([0.5, 1.0, 2.0, 4.0])
_CLASSES = (_REPEAT_CLASSES.size + 1) * (_MISSED_CLASSES.size + 1)
_PRIOR_PURCHASES = 5.0
"""Weight of the whole population's ratio in that of a class, in purchases."""

_OBSERVED_SHARE = 0.1
"""Ages that fewer customers than this have been observed at are left to the population's rate."""


@dataclass(frozen=True, eq=False)
class EmpiricalRates:
    """A Forecaster. `ratio` and `ratio_error` by class: actual purchases by those at the customer's own rate.

    `active` is each class's share of customers who bought within the window of `weeks`: what stands in for the
    probability of being alive. `decay` is the loss of the purchase rate a week; `by_age` the mean number of repeat
    purchases by each week of age.
    """

    rate: float
    weeks: float
    ratio: Floats
    ratio_error: Floats
    active: Floats
    decay: float
    by_age: Floats
    windows: int
    name: str = NAME

    def purchases(self, seen: RepeatStatistics, weeks: Floats) -> Floats:
        in_window = self.ratio[_class_of(seen, self.rate)] * _own_rate(seen, self.rate) * self.weeks
        return np.asarray(in_window[:, None] * _share(self.decay, weeks, window=self.weeks)[None, :])

    def expected_since_first(self, weeks: Floats) -> Floats:
        ages = np.arange(self.by_age.size)
        beyond = np.maximum(weeks - ages[-1], 0.0) * self.rate
        return np.asarray(np.interp(weeks, ages, self.by_age) + beyond)

    def forecast(self, seen: RepeatStatistics, *, annual_discount: float) -> Forecast:
        cell = _class_of(seen, self.rate)
        return year_ahead(
            self.purchases(seen, horizons()),
            p_alive=self.active[cell],
            relative_error=self.ratio_error[cell] / self.ratio[cell],
            annual_discount=annual_discount,
        )


def fit(visits: Visits, *, day: int, window_days: int) -> EmpiricalRates:
    """Learn from windows of `window_days` that end at `day` or earlier, one before the other."""
    rate = _population_rate(visits.statistics(day))
    weeks = window_days / DAYS_PER_WEEK
    base, actual, buyers, customers, squares = (np.zeros(_CLASSES) for _ in range(5))
    windows = 0
    for origin in _origins(visits, day=day, window_days=window_days):
        seen, bought = _window(visits, origin=origin, window_days=window_days)
        cell = _class_of(seen, rate)[seen.row_of]
        expected = (_own_rate(seen, rate) * weeks)[seen.row_of]
        base += np.bincount(cell, weights=expected, minlength=_CLASSES)
        actual += np.bincount(cell, weights=bought, minlength=_CLASSES)
        squares += np.bincount(cell, weights=(bought - expected) ** 2, minlength=_CLASSES)
        buyers += np.bincount(cell, weights=bought > 0, minlength=_CLASSES)
        customers += np.bincount(cell, minlength=_CLASSES)
        windows += 1
    overall = float((actual.sum() + 1.0) / (base.sum() + 1.0))
    ratio = (actual + _PRIOR_PURCHASES * overall) / (base + _PRIOR_PURCHASES)
    return EmpiricalRates(
        rate=rate,
        weeks=weeks,
        ratio=ratio,
        ratio_error=np.sqrt(squares + _PRIOR_PURCHASES * overall) / (base + _PRIOR_PURCHASES),
        active=(buyers + 0.5) / (customers + 1.0),
        decay=_decay(visits, day=day, window_days=window_days),
        by_age=_repeats_by_age(visits, day),
        windows=windows,
    )


def _population_rate(seen: RepeatStatistics) -> float:
    """Repeat purchases a week of observation, never zero."""
    exposure = float(seen.t_days @ seen.weight) / DAYS_PER_WEEK
    return (seen.repeats + 0.5) / (exposure + 26.0)


def _own_rate(seen: RepeatStatistics, rate: float) -> Floats:
    """Each row's purchases a week, after Gamma(1, 1/rate): as if one purchase at everybody's rate had been seen too."""
    return np.asarray((1.0 + seen.x) / (1.0 / rate + seen.t_days / DAYS_PER_WEEK))


def _class_of(seen: RepeatStatistics, rate: float) -> Ints:
    missed = _own_rate(seen, rate) * (seen.t_days - seen.t_x_days) / DAYS_PER_WEEK
    repeats = np.searchsorted(_REPEAT_CLASSES, seen.x, side="right")
    return np.asarray(repeats * (_MISSED_CLASSES.size + 1) + np.searchsorted(_MISSED_CLASSES, missed))


def _origins(visits: Visits, *, day: int, window_days: int) -> Iterator[int]:
    """Days at which past windows begin, latest first; before each lies at least one window of history."""
    first = int(visits.day.min(initial=day))
    for back in range(1, MAX_WINDOWS + 1):
        origin = day - back * window_days
        if origin < first + (window_days if back > 1 else 1):
            return
        yield origin


def _window(visits: Visits, *, origin: int, window_days: int) -> tuple[RepeatStatistics, Ints]:
    """What was known at `origin`, and how often each of the customers then known bought in the window after it."""
    bought = visits.counts_between(origin, origin + window_days)[visits.seen_by(origin)]
    return visits.until(origin).statistics(origin), bought


def _decay(visits: Visits, *, day: int, window_days: int) -> float:
    """Loss of the purchase rate a week, from one window to the next of the same customers; never negative."""
    first = second = 0
    for origin in list(_origins(visits, day=day, window_days=window_days))[1:]:
        known = visits.seen_by(origin)
        first += int(visits.counts_between(origin, origin + window_days)[known].sum())
        second += int(visits.counts_between(origin + window_days, origin + 2 * window_days)[known].sum())
    if first == 0 or second >= first:
        return 0.0
    return float(-np.log(max(second, 0.5) / first) / (window_days / DAYS_PER_WEEK))


def _share(decay: float, weeks: Floats, *, window: float) -> Floats:
    """Purchases of the next `weeks` by those of the next `window`, at a rate that decays."""
    if decay * window < 1e-9:
        return np.asarray(weeks / window)
    return np.asarray(np.expm1(-decay * weeks) / np.expm1(-decay * window))


def _repeats_by_age(visits: Visits, day: int) -> Floats:
    """Mean repeat purchases of a customer by the end of each week of age, as far as enough were observed that long."""
    age = (visits.day - visits.first_day[visits.customer])[visits.repeat > 0]
    observed = day - visits.first_day
    weeks = int(observed.max(initial=0) // DAYS_PER_WEEK) + 1
    bought = np.bincount((age // 7).astype(np.int64), minlength=weeks)
    # A customer seen for part of a week of age counts with that part.
    starts = np.arange(weeks) * DAYS_PER_WEEK
    ages, seen = np.unique(observed, return_counts=True)
    exposure = np.array([np.clip(ages - start, 0.0, DAYS_PER_WEEK) @ seen for start in starts]) / DAYS_PER_WEEK
    enough = int(np.searchsorted(-exposure, -max(_OBSERVED_SHARE * visits.customers, 1.0), side="right"))
    return np.concatenate([[0.0], np.cumsum(bought[:enough] / exposure[:enough])])
