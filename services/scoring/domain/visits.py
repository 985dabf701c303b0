"""Visits: the days on which customers bought, in columns, and what follows from them at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.scoring.domain.repeat_statistics import Floats, Ints, RepeatStatistics


@dataclass(frozen=True, eq=False)
class Visits:
    """One row for each customer and day with a purchase, sorted by (customer, day); `customers` numbered from 0.

    `day` counts from 1970-01-01 (UTC), below zero before it; `money` is that day's spending in minor units of the
    customer's home currency, NaN on a day when only other currencies were used.
    """

    customer: Ints
    day: Ints
    money: Floats
    customers: int

    @classmethod
    def from_purchases(cls, *, customer: Ints, day: Ints, money: Floats, customers: int) -> Visits:
        """Fold purchases of one customer and day into one visit; `money` is NaN for a foreign currency."""
        start = int(day.min(initial=0))
        span = int(day.max(initial=0)) - start + 1
        key = np.asarray(customer, dtype=np.int64) * span + (np.asarray(day, dtype=np.int64) - start)
        distinct, row = np.unique(key, return_inverse=True)
        known = np.isfinite(money)
        amount = np.where(known, money, 0.0)
        total = np.asarray(np.bincount(row, weights=amount, minlength=distinct.size), dtype=np.float64)
        total[np.bincount(row, weights=known, minlength=distinct.size) == 0] = np.nan
        return cls(distinct // span, distinct % span + start, total, customers)

    @cached_property
    def first_day(self) -> Ints:
        """Each customer's first day; only defined for those with a visit."""
        first = np.full(self.customers, np.iinfo(np.int64).max)
        np.minimum.at(first, self.customer, self.day)
        return first

    @cached_property
    def last_day(self) -> Ints:
        """Each customer's last day; only defined for those with a visit."""
        last = np.full(self.customers, np.iinfo(np.int64).min)
        np.maximum.at(last, self.customer, self.day)
        return last

    @cached_property
    def repeat(self) -> Floats:
        """Whether each row is a repeat, not a customer's first day."""
        return (self.day > self.first_day[self.customer]).astype(np.float64)

    def until(self, day: int) -> Visits:
        """What was known at the end of `day`: later visits are dropped, and customers not yet seen renumbered away."""
        known = self.day <= day
        seen = np.unique(self.customer[known])
        return Visits(np.searchsorted(seen, self.customer[known]), self.day[known], self.money[known], seen.size)

    def seen_by(self, day: int) -> Ints:
        """Numbers of the customers seen by the end of `day`, ascending: customer i of `until(day)` is `[i]` of them."""
        return np.unique(self.customer[self.day <= day])

    def counts_between(self, after: int, until: int) -> Ints:
        """For each customer, the days with a purchase in (after, until]."""
        window = (self.day > after) & (self.day <= until)
        return np.bincount(self.customer[window], minlength=self.customers).astype(np.int64)

    def statistics(self, day: int) -> RepeatStatistics:
        """The repeat statistics of all customers, watched until `day`, which no visit may be after."""
        visits = np.bincount(self.customer, minlength=self.customers)
        return RepeatStatistics.group(
            x=visits - 1, t_x_days=self.last_day - self.first_day, t_days=day - self.first_day
        )

    def repeat_spending(self) -> tuple[Ints, Floats]:
        """For each customer, the repeat days with positive spending and the mean spent on them (0 without any)."""
        counted = (self.repeat > 0) & (np.nan_to_num(self.money) > 0)
        count = np.bincount(self.customer[counted], minlength=self.customers).astype(np.int64)
        total = np.bincount(self.customer[counted], weights=self.money[counted], minlength=self.customers)
        return count, total / np.maximum(count, 1)
