"""The three numbers per customer that the repeat-buying models need, grouped to distinct rows.

For a customer first seen on day d0 and watched until day D: `x` repeat purchase days, `t_x` the day of the last one and
`T` the day of observation, both counted from d0 (Fader, Hardie & Lee 2005). Purchases of one day are one visit. Times
are kept as whole days, so that a million customers fall into a few distinct rows, and handed to the models in weeks
as days / 7: weekly buckets would merge purchases of one week.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, eq=False)
class Factor:
    """A column as its distinct values and, for each row, which of them it has."""

    values: Floats
    index: Ints

    @classmethod
    def of_counts(cls, column: Ints, *, scale: float = 1.0) -> Factor:
        """Factor non-negative whole numbers; `values` are divided by `scale`."""
        present = np.bincount(column) > 0 if column.size else np.zeros(0, dtype=bool)
        index = (np.cumsum(present) - 1)[column] if column.size else column
        return cls(np.flatnonzero(present) / scale, index)


@dataclass(frozen=True, eq=False)
class RepeatStatistics:
    """Distinct rows (x, t_x, T in days) with the number of customers in each.

    `row_of[i]` is the row of customer i; arrays over rows become arrays over customers by `array[row_of]`.
    """

    x: Ints
    t_x_days: Ints
    t_days: Ints
    weight: Floats
    row_of: Ints

    @classmethod
    def group(cls, *, x: Ints, t_x_days: Ints, t_days: Ints) -> RepeatStatistics:
        """Group customers with equal numbers. Raises ValueError on impossible rows (t_x > T, x = 0 with t_x > 0)."""
        x, t_x_days, t_days = (np.asarray(column, dtype=np.int64) for column in (x, t_x_days, t_days))
        if np.any(x < 0) or np.any(t_x_days < 0) or np.any(t_x_days > t_days) or np.any((x == 0) & (t_x_days > 0)):
            raise ValueError("need 0 <= t_x <= T, x >= 0, and t_x = 0 where x = 0")
        base = int(t_days.max(initial=0)) + 1
        key = (x * base + t_x_days) * base + t_days
        distinct, row_of, counts = np.unique(key, return_inverse=True, return_counts=True)
        rest, t_rows = np.divmod(distinct, base)
        x_rows, t_x_rows = np.divmod(rest, base)
        return cls(x_rows, t_x_rows, t_rows, counts.astype(np.float64), row_of.astype(np.int64))

    @property
    def customers(self) -> int:
        return int(self.row_of.size)

    @property
    def repeats(self) -> int:
        """Repeat purchase days of all customers."""
        return int(self.x @ self.weight)

    @property
    def repeaters(self) -> int:
        """Customers who came back at least once."""
        return int(self.weight[self.x > 0].sum())

    @cached_property
    def counts(self) -> Factor:
        """`x` as a factor."""
        return Factor.of_counts(self.x)

    @cached_property
    def last(self) -> Factor:
        """`t_x` in weeks as a factor."""
        return Factor.of_counts(self.t_x_days, scale=DAYS_PER_WEEK)

    @cached_property
    def age(self) -> Factor:
        """`T` in weeks as a factor."""
        return Factor.of_counts(self.t_days, scale=DAYS_PER_WEEK)
