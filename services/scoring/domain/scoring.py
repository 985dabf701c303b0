"""What a run computes: every model of its plan on every customer, and what drove each score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.scoring.domain.errors import UnknownModel
from services.scoring.domain.lifetime_value import LABELS, LifetimeValues, value_customers
from services.scoring.domain.population import Population
from services.scoring.domain.reasons import Driver, strongest
from services.scoring.domain.rfm import HIGH_SPENDING, Rfm, score_rfm
from services.scoring.domain.scores import LIFETIME_VALUE, MODELS, RFM, Figure, Score
from services.scoring.domain.selection import HoldoutPolicy


@dataclass(frozen=True)
class ScoringPlan:
    """What a run computes: which models, as of which day, and how lifetime value is checked and discounted."""

    models: tuple[str, ...]
    day: int
    policy: HoldoutPolicy = field(default_factory=HoldoutPolicy)
    annual_discount: float = 0.1

    def __post_init__(self) -> None:
        if unknown := set(self.models) - set(MODELS):
            raise UnknownModel(f"no model is called {', '.join(sorted(unknown))}")


FitReport = Callable[[str, LifetimeValues], None]
"""Called with each currency and what was fitted to its customers."""


def score(population: Population, plan: ScoringPlan, report: FitReport) -> Iterator[Score]:
    """Every model of the plan on every customer."""
    if population.customers == 0:
        return
    if RFM in plan.models:
        yield from _rfm_scores(population, plan.day)
    if LIFETIME_VALUE in plan.models:
        for number, currency in enumerate(population.currencies):
            members, visits = population.of_currency(number)
            values = value_customers(visits, day=plan.day, policy=plan.policy, annual_discount=plan.annual_discount)
            report(currency, values)
            ids = [population.profile_ids[member] for member in members]
            yield from _value_scores(values, profile_ids=ids, currency=currency)


def _rfm_scores(population: Population, day: int) -> Iterator[Score]:
    table = score_rfm(population.visits, net_minor=population.net_minor, currency=population.currency, day=day)
    typical = _TypicalRfm.of(population, table)
    for i, profile_id in enumerate(population.profile_ids):
        home = int(population.currency[i])
        yield Score(
            profile_id=profile_id,
            model=RFM,
            value=float(table.recency[i] + table.frequency[i] + table.monetary[i]),
            label=table.block[i],
            currency=population.currencies[home],
            values=_rfm_figures(population, table, row=i),
            drivers=_rfm_drivers(table, i, typical=typical, net_minor=typical.net_minor[home]),
        )


@dataclass(frozen=True)
class _TypicalRfm:
    """The median customer's figures; money by home currency."""

    recency_days: float
    visits: float
    net_minor: tuple[float, ...]

    @classmethod
    def of(cls, population: Population, table: Rfm) -> _TypicalRfm:
        net = [table.net_minor[population.currency == number] for number in range(len(population.currencies))]
        return cls(
            float(np.median(table.recency_days)),
            float(np.median(table.visits)),
            tuple(float(np.median(each)) for each in net),
        )


def _rfm_drivers(table: Rfm, row: int, *, typical: _TypicalRfm, net_minor: float) -> tuple[Driver, ...]:
    """The block, a silence where there is one, then whichever scores are furthest from the middle."""
    first = [Driver(f"block_{table.block[row]}", table.block[row])]
    if table.lapsing[row]:
        first.append(Driver("lapsing", int(table.recency_days[row]), float(table.usual_gap_days[row])))
    others = (
        (abs(table.recency[row] - 3), Driver("recency_days", int(table.recency_days[row]), typical.recency_days)),
        (abs(table.frequency[row] - 3), Driver("visits", int(table.visits[row]), typical.visits)),
        (abs(table.monetary[row] - 3), Driver("net_minor", float(table.net_minor[row]), net_minor)),
    )
    return (*first, *strongest(others, limit=3 - len(first)))


def _rfm_figures(population: Population, table: Rfm, *, row: int) -> dict[str, Figure]:
    return {
        "cell": f"{table.recency[row]}{table.frequency[row]}{table.monetary[row]}",
        "recency": int(table.recency[row]),
        "frequency": int(table.frequency[row]),
        "monetary": int(table.monetary[row]),
        "recency_days": int(table.recency_days[row]),
        "visits": int(table.visits[row]),
        "orders": int(population.orders[row]),
        "net_minor": int(table.net_minor[row]),
        "usual_gap_days": round(float(table.usual_gap_days[row]), 2),
        "lapsing": bool(table.lapsing[row]),
        "worth_saving": table.block[row] in HIGH_SPENDING,
    }


def _value_scores(table: LifetimeValues, *, profile_ids: Sequence[str], currency: str) -> Iterator[Score]:
    columns = {
        "purchases_365": table.purchases_365,
        "average_value_minor": table.spending.mean,
        "p_alive": table.p_alive,
    }
    typical = {feature: float(np.median(column)) for feature, column in columns.items()}
    flagged = set(table.flagged.tolist())
    for i, profile_id in enumerate(profile_ids):
        drivers = [
            (_distance(float(column[i]), typical[feature]), Driver(feature, float(column[i]), typical[feature]))
            for feature, column in columns.items()
        ]
        error = float(table.error[i])
        yield Score(
            profile_id=profile_id,
            model=LIFETIME_VALUE,
            value=round(float(table.value[i]), 2),
            label=LABELS[table.label[i]],
            currency=currency,
            values={
                "value_minor": round(float(table.value[i]), 2),
                "standard_error_minor": round(error, 2) if math.isfinite(error) else None,
                "p_alive": round(float(table.p_alive[i]), 6),
                "purchases_90": round(float(table.purchases_90[i]), 4),
                "purchases_365": round(float(table.purchases_365[i]), 4),
                "average_value_minor": round(float(table.spending.mean[i]), 2),
                "purchase_model": table.selection.chosen.name,
                "spending_model": table.spending.model,
                "flagged": i in flagged,
            },
            drivers=(Driver("flagged", 1.0),) if i in flagged else strongest(drivers),
        )


def _distance(value: float, typical: float) -> float:
    """How far apart two positive figures are, as the logarithm of their ratio."""
    return abs(math.log((abs(value) + 1e-9) / (abs(typical) + 1e-9)))
