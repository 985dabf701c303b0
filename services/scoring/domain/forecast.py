"""Forecasts of repeat buying, from whichever model: how likely alive, how many purchases, and how sure of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from services.scoring.domain.maximum_likelihood import Estimate
from services.scoring.domain.models.purchase_family import PurchaseFamily
from services.scoring.domain.repeat_statistics import DAYS_PER_WEEK, Floats, RepeatStatistics

MONTHS = 12
NEAR_DAYS = 90
YEAR_DAYS = 365

_MONTH_ENDS: Floats = np.arange(1.0, MONTHS + 1.0) * (YEAR_DAYS / MONTHS / DAYS_PER_WEEK)
_HORIZONS: Floats = np.append(_MONTH_ENDS, NEAR_DAYS / DAYS_PER_WEEK)
_LOG_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Forecast:
    """For each row of the statistics it was made for, the year ahead.

    `discounted` weighs each month's purchases by the discount rate; `discounted_error` is its standard error, of
    estimation only, NaN where the model has none.
    """

    p_alive: Floats
    purchases_90: Floats
    purchases_365: Floats
    discounted: Floats
    discounted_error: Floats


class Forecaster(Protocol):
    """A fitted model of repeat buying."""

    @property
    def name(self) -> str: ...

    def purchases(self, seen: RepeatStatistics, weeks: Floats) -> Floats:
        """Purchases to expect from now, (rows, horizons)."""
        ...

    def expected_since_first(self, weeks: Floats) -> Floats:
        """Repeat purchases to expect of a new customer by each age."""
        ...

    def forecast(self, seen: RepeatStatistics, *, annual_discount: float) -> Forecast:
        """The year ahead of every row."""
        ...


def discounted(purchases: Floats, annual_discount: float) -> Floats:
    """Purchases by each month's end (rows, at least 12), as the sum of months, each discounted to its middle."""
    by_month = np.diff(purchases[:, :MONTHS], axis=1, prepend=0.0)
    factor = (1.0 + annual_discount) ** -((np.arange(MONTHS) + 0.5) / MONTHS)
    return np.asarray(by_month @ factor)


@dataclass(frozen=True, eq=False)
class FittedFamily:
    """A parametric family at its estimate, as a Forecaster."""

    family: PurchaseFamily
    estimate: Estimate

    @property
    def name(self) -> str:
        return self.family.name

    def purchases(self, seen: RepeatStatistics, weeks: Floats) -> Floats:
        return self.family.expected_purchases(self.estimate.parameters, seen, weeks=weeks)

    def expected_since_first(self, weeks: Floats) -> Floats:
        return self.family.expected_since_first(self.estimate.parameters, weeks)

    def forecast(self, seen: RepeatStatistics, *, annual_discount: float) -> Forecast:
        purchases = self.purchases(seen, _HORIZONS)
        return Forecast(
            p_alive=self.family.p_alive(self.estimate.parameters, seen),
            purchases_90=purchases[:, MONTHS],
            purchases_365=purchases[:, MONTHS - 1],
            discounted=discounted(purchases, annual_discount),
            discounted_error=self.estimate.delta(self._slope(seen, annual_discount)),
        )

    def _slope(self, seen: RepeatStatistics, annual_discount: float) -> Floats:
        """How each row's discounted purchases change with the logarithm of each parameter, (rows, parameters)."""
        columns = []
        for direction in np.eye(self.estimate.parameters.size):
            up, down = (
                discounted(
                    self._purchases_at(seen, self.estimate.parameters * np.exp(step * direction)), annual_discount
                )
                for step in (_LOG_STEP, -_LOG_STEP)
            )
            columns.append((up - down) / (2 * _LOG_STEP))
        return np.stack(columns, axis=1)

    def _purchases_at(self, seen: RepeatStatistics, parameters: Floats) -> Floats:
        return self.family.expected_purchases(parameters, seen, weeks=_MONTH_ENDS)


def year_ahead(purchases_by: Floats, *, p_alive: Floats, relative_error: Floats, annual_discount: float) -> Forecast:
    """The forecast of a model whose purchases by `horizons()` are known, each with one relative standard error."""
    value = discounted(purchases_by, annual_discount)
    return Forecast(p_alive, purchases_by[:, MONTHS], purchases_by[:, MONTHS - 1], value, value * relative_error)


def horizons() -> Floats:
    """The weeks a forecast is made for: the ends of twelve months, then ninety days."""
    return _HORIZONS
