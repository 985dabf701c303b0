"""Customer lifetime value: the discounted money of the next twelve months, with its standard error.

Expected purchases times expected spending (Fader, Hardie & Lee, "RFM and CLV", Journal of Marketing Research 42,
2005), for customers of one home currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.forecast import Forecast
from services.scoring.domain.quantiles import quantile_class
from services.scoring.domain.repeat_statistics import Floats, Ints, RepeatStatistics
from services.scoring.domain.selection import HoldoutPolicy, Selection, select
from services.scoring.domain.spending import Spending, expect_spending
from services.scoring.domain.tracking import TrackingWeek, track
from services.scoring.domain.visits import Visits

LABELS = ("low", "middle", "high")


@dataclass(frozen=True, eq=False)
class LifetimeValues:
    """One value for each customer, minor units of the home currency. `error` is NaN where no model can tell it.

    `flagged` marks customers whose figures were not finite and were replaced by nothing expected.
    """

    seen: RepeatStatistics
    selection: Selection
    spending: Spending
    tracking: tuple[TrackingWeek, ...]
    p_alive: Floats
    purchases_90: Floats
    purchases_365: Floats
    value: Floats
    error: Floats
    label: Ints
    flagged: Ints


def value_customers(visits: Visits, *, day: int, policy: HoldoutPolicy, annual_discount: float) -> LifetimeValues:
    """Fit, check and forecast the customers of `visits`, watched until `day`."""
    selection = select(visits, day=day, policy=policy)
    spending = expect_spending(visits)
    seen = visits.statistics(day)
    ahead = _by_customer(selection.chosen.forecast(seen, annual_discount=annual_discount), seen)
    value = ahead.discounted * spending.mean
    error = np.hypot(spending.mean * ahead.discounted_error, ahead.discounted * spending.error)
    finite = np.isfinite(value) & np.isfinite(ahead.p_alive) & np.isfinite(ahead.purchases_365)
    return LifetimeValues(
        seen=seen,
        selection=selection,
        spending=spending,
        tracking=_tracking(selection, visits, day=day),
        p_alive=np.where(finite, ahead.p_alive, 0.0),
        purchases_90=np.where(finite, ahead.purchases_90, 0.0),
        purchases_365=np.where(finite, ahead.purchases_365, 0.0),
        value=np.where(finite, value, 0.0),
        error=np.where(finite, error, np.nan),
        label=quantile_class(np.where(finite, value, 0.0), len(LABELS)),
        flagged=np.flatnonzero(~finite),
    )


def _by_customer(forecast: Forecast, seen: RepeatStatistics) -> Forecast:
    rows = seen.row_of
    return Forecast(
        forecast.p_alive[rows],
        forecast.purchases_90[rows],
        forecast.purchases_365[rows],
        forecast.discounted[rows],
        forecast.discounted_error[rows],
    )


def _tracking(selection: Selection, visits: Visits, *, day: int) -> tuple[TrackingWeek, ...]:
    """With the calibrated model where there is one, so that the weeks after it are a test."""
    forecaster = selection.calibrated or selection.chosen
    end = day if selection.calibration_end is None else selection.calibration_end
    return track(forecaster, visits, cohort_end=end, day=day)
