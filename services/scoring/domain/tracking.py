"""Tracking: repeat purchases by week, expected against actual, the plot by which such models are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.forecast import Forecaster
from services.scoring.domain.repeat_statistics import DAYS_PER_WEEK
from services.scoring.domain.visits import Visits


@dataclass(frozen=True)
class TrackingWeek:
    """Repeat purchases of one week, 1 being the first week of the history. `holdout`: after the calibration part."""

    week: int
    ends_on_day: int
    expected: float
    actual: int
    holdout: bool


def track(forecaster: Forecaster, visits: Visits, *, cohort_end: int, day: int) -> tuple[TrackingWeek, ...]:
    """Weeks from the first visit to `day`, for the customers first seen by `cohort_end`.

    Expected is the sum over customers of what a new customer buys by that age: nothing about the person is used, so
    that it also judges the weeks that the model was fitted to.
    """
    cohort = visits.first_day <= cohort_end
    births = visits.first_day[cohort]
    start = int(births.min())
    ends = np.minimum(start + 7 * np.arange(1, (day - start) // 7 + 2) - 1, day)
    ends = np.unique(ends[ends >= start])
    by_age = forecaster.expected_since_first(np.arange(day - start + 1) / DAYS_PER_WEEK)
    expected = np.zeros(ends.size)
    # A table of weeks by days of arrival would outgrow memory on a history of decades, which one false date makes.
    for birth, arrivals in zip(*np.unique(births, return_counts=True), strict=True):
        expected += arrivals * by_age[np.maximum(ends - birth, 0)]
    expected = np.diff(expected, prepend=0.0)
    repeats = visits.day[(visits.repeat > 0) & cohort[visits.customer]]
    actual = np.diff(np.searchsorted(np.sort(repeats), ends, side="right"), prepend=0)
    return tuple(
        TrackingWeek(week, int(end), float(e), int(a), bool(end > cohort_end))
        for week, (end, e, a) in enumerate(zip(ends, expected, actual, strict=True), start=1)
    )
