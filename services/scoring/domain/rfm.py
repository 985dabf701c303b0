"""RFM scores, the six-block grid, and who is lapsing.

Recency, frequency and monetary value are each scored 1 to 5, 5 best (Hughes, Strategic Database Marketing, 1994). The
grid crosses visits with spending: two levels of spending (above or up to the median) by three of visits (thirds), ties
kept together::

                      many visits     some visits     few visits
    high spending          A               B               C
    low spending           D               E               F

A is to be kept; B spends much but comes less often, and is the most worth developing; C spent much and hardly came
back; D comes often for little; E and F are for cheap channels. Money is net of refunds, in the home currency, and is
only ever ranked among customers of the same currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.scoring.domain.quantiles import quantile_class
from services.scoring.domain.repeat_statistics import Floats, Ints
from services.scoring.domain.visits import Visits

BLOCKS = "ABCDEF"
HIGH_SPENDING = "ABC"
SILENCE = 2.0
"""A customer is lapsing after a silence of this many times the gap expected of them."""

_PRIOR_GAPS = 2.0
"""Weight of everybody's mean gap in a customer's own, in gaps."""


@dataclass(frozen=True, eq=False)
class Rfm:
    """Columns by customer: days since the last visit, visits, net money; scores 1-5; block; lapsing or not."""

    recency_days: Ints
    visits: Ints
    net_minor: Floats
    recency: Ints
    frequency: Ints
    monetary: Ints
    block: tuple[str, ...]
    usual_gap_days: Floats
    lapsing: Ints


def score_rfm(visits: Visits, *, net_minor: Floats, currency: Ints, day: int) -> Rfm:
    """Score the customers of `visits` as of `day`; `currency` numbers each customer's home currency."""
    count = np.bincount(visits.customer, minlength=visits.customers)
    silence = day - visits.last_day
    gap = _usual_gap(count, active_days=visits.last_day - visits.first_day, observed_days=day - visits.first_day)
    spending = _within(currency, net_minor, classes=2)
    level = quantile_class(count, 3)
    return Rfm(
        recency_days=silence,
        visits=count,
        net_minor=net_minor,
        recency=quantile_class(-silence, 5) + 1,
        frequency=quantile_class(count, 5) + 1,
        monetary=_within(currency, net_minor, classes=5) + 1,
        block=tuple(BLOCKS[3 * (1 - int(s)) + 2 - int(v)] for s, v in zip(spending, level, strict=True)),
        usual_gap_days=gap,
        lapsing=(silence > SILENCE * gap).astype(np.int64),
    )


def _usual_gap(count: Ints, *, active_days: Ints, observed_days: Ints) -> Floats:
    """Days between visits to expect of each customer: the own mean gap, pulled towards everybody's.

    With nobody who came back there is no gap to learn from: then the longest observation stands in, and nobody lapses.
    """
    gaps = count - 1
    total = int(gaps.sum())
    overall = float(active_days.sum()) / total if total else float(observed_days.max(initial=1))
    return np.asarray((active_days + _PRIOR_GAPS * overall) / (gaps + _PRIOR_GAPS))


def _within(group: Ints, values: Floats, *, classes: int) -> Ints:
    """Quantile classes of `values` among the members of each group."""
    result = np.zeros(values.size, dtype=np.int64)
    for number in np.unique(group):
        members = group == number
        result[members] = quantile_class(values[members], classes)
    return result
