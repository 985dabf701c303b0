"""How fast lifetime value is fitted, beside the package `lifetimes` on the same customers in the same run.

`python -m tests.benchmarks.scoring [--customers 1000000]` prints processor seconds, the ratio and both
log-likelihoods. Ours starts from one row a customer too: grouping to distinct rows and the standard errors are inside
its time. Threads are pinned to one for both.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

import lifetimes
import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from services.scoring.domain.forecast import FittedFamily
from services.scoring.domain.maximum_likelihood import Estimate
from services.scoring.domain.models import gamma_gamma
from services.scoring.domain.models.beta_geometric import BG_NBD
from services.scoring.domain.models.pareto_nbd import PARETO_NBD
from services.scoring.domain.models.purchase_family import PurchaseFamily
from services.scoring.domain.repeat_statistics import Floats, Ints, RepeatStatistics
from services.scoring.domain.selection import fit
from tests.support.cdnow import cdnow_summary

PARAMETERS = (0.243, 4.414, 0.793, 2.426)
REPEATS = 3


@dataclass(frozen=True)
class Customers:
    """One row a customer: repeat purchase days, day of the last one, day of observation."""

    x: Ints
    t_x_days: Ints
    t_days: Ints


@dataclass(frozen=True)
class Row:
    """One measurement: seconds of processor time, and the log-likelihood at the parameters found."""

    what: str
    customers: int
    ours_s: float
    ours_ll: float
    theirs_s: float
    theirs_ll: float
    busy: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        cdnow, visits, mean = _cdnow()
        many = _simulate(options.customers)
        rows = [
            _beside("BG/NBD, CDNOW", BG_NBD, lifetimes.BetaGeoFitter, cdnow, repeats=REPEATS),
            _beside("Pareto/NBD, CDNOW", PARETO_NBD, lifetimes.ParetoNBDFitter, cdnow, repeats=REPEATS),
            _spending("Gamma-Gamma, CDNOW", visits, mean),
            _beside("BG/NBD, simulated", BG_NBD, lifetimes.BetaGeoFitter, many, repeats=1),
        ]
        ahead = _forecast(many)
    _print(rows)
    Console().print(f"forecast of {options.customers:,} customers, grouping and errors included: {ahead:.2f} s")


def _beside(
    what: str, family: PurchaseFamily, theirs: Callable[..., lifetimes.BaseFitter], who: Customers, *, repeats: int
) -> Row:
    x, t_x, age = (column.astype(np.float64) for column in (who.x, who.t_x_days / 7, who.t_days / 7))
    seen = RepeatStatistics.group(x=who.x, t_x_days=who.t_x_days, t_days=who.t_days)

    def fit_ours() -> float:
        return _ours(family, who).log_likelihood

    def fit_theirs() -> float:
        fitted = theirs(penalizer_coef=0.0).fit(x, t_x, age)
        found = np.array([fitted.params_[name] for name in family.parameter_names])
        return family.log_likelihood(found, seen)[0]

    return _measure(what, x.size, fit_ours, fit_theirs, repeats=repeats)


def _ours(family: PurchaseFamily, who: Customers) -> Estimate:
    return fit(family, RepeatStatistics.group(x=who.x, t_x_days=who.t_x_days, t_days=who.t_days))


def _spending(what: str, visits: Ints, mean: Floats) -> Row:
    def fit_theirs() -> float:
        fitted = lifetimes.GammaGammaFitter(penalizer_coef=0.0).fit(visits, mean)
        found = np.array([fitted.params_[name] for name in ("p", "q", "v")])
        return gamma_gamma.log_likelihood(found, visits=visits.astype(np.float64), mean=mean)[0]

    def fit_ours() -> float:
        return gamma_gamma.fit(visits, mean).log_likelihood

    return _measure(what, visits.size, fit_ours, fit_theirs, repeats=REPEATS)


def _measure(what: str, customers: int, ours: Callable[[], float], theirs: Callable[[], float], *, repeats: int) -> Row:
    """Interleaved, medians; `busy` is the share of the wall clock that this process had a core."""
    pairs = []
    wall, cpu = perf_counter(), process_time()
    for _ in range(repeats):
        pairs.append((_timed(ours), _timed(theirs)))
    busy = (process_time() - cpu) / (perf_counter() - wall)
    return Row(
        what=what,
        customers=customers,
        ours_s=median(pair[0][0] for pair in pairs),
        ours_ll=pairs[0][0][1],
        theirs_s=median(pair[1][0] for pair in pairs),
        theirs_ll=pairs[0][1][1],
        busy=busy,
    )


def _timed(action: Callable[[], float]) -> tuple[float, float]:
    """Processor time: on a busy machine the wall clock measures the neighbours."""
    began = process_time()
    result = action()
    return process_time() - began, result


def _forecast(who: Customers) -> float:
    seen = RepeatStatistics.group(x=who.x, t_x_days=who.t_x_days, t_days=who.t_days)
    estimate = fit(BG_NBD, seen)
    return _timed(lambda: float(FittedFamily(BG_NBD, estimate).forecast(seen, annual_discount=0.1).discounted[0]))[0]


def _cdnow() -> tuple[Customers, Ints, Floats]:
    table = cdnow_summary()
    x, t_x, age = (table[name].to_numpy() for name in ("frequency", "recency", "T"))
    who = Customers(*(np.rint(column).astype(np.int64) for column in (x, t_x * 7, age * 7)))
    back = x > 0
    return who, who.x[back], table["monetary_value"].to_numpy()[back]


def _simulate(customers: int, *, seed: int = 7) -> Customers:
    """Customers who behave as BG/NBD says, acquired over 12 weeks and watched until the end of week 39."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = PARAMETERS
    age = random.integers(27 * 7, 39 * 7 + 1, customers)
    rate, leaves = random.gamma(r, 1 / (alpha * 7), customers), random.beta(a, b, customers)
    x, t_x, now = np.zeros(customers, dtype=np.int64), np.zeros(customers, dtype=np.int64), np.zeros(customers)
    active = np.arange(customers)
    while active.size:
        now[active] += random.exponential(1.0, active.size) / rate[active]
        active = active[now[active] <= age[active]]
        day = now[active].astype(np.int64)
        # Purchases of one day are one visit, and those of the first day are part of the first.
        x[active] += day > t_x[active]
        t_x[active] = day
        active = active[random.random(active.size) >= leaves[active]]
    return Customers(x, t_x, age)


def _print(rows: list[Row]) -> None:
    table = Table(
        title="Lifetime-value fits, seconds of one core",
        caption="ratio: lifetimes / ours; busy: the share of a core that was to be had",
    )
    for heading in ("fit", "customers", "ours", "lifetimes", "ratio", "LL ours", "LL lifetimes", "busy"):
        table.add_column(heading, justify="left" if heading == "fit" else "right", no_wrap=True)
    for row in rows:
        figures = (f"{row.ours_s:.3f}", f"{row.theirs_s:.3f}", f"{row.theirs_s / row.ours_s:.0f}x")
        fits = (f"{row.ours_ll:,.1f}", f"{row.theirs_ll:,.1f}", f"{row.busy:.0%}")
        table.add_row(row.what, f"{row.customers:,}", *figures, *fits)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
