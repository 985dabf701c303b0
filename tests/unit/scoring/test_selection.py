"""The choice of a model is honest where the models do not fit, and always answers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.lifetime_value import value_customers
from services.scoring.domain.selection import HoldoutPolicy, select
from services.scoring.domain.visits import Visits


def visits_of(rows: list[tuple[int, int, float]]) -> Visits:
    """From (customer, day, money); customers are renumbered."""
    _, customer = np.unique([row[0] for row in rows], return_inverse=True)
    return Visits.from_purchases(
        customer=customer,
        day=np.array([row[1] for row in rows]),
        money=np.array([row[2] for row in rows]),
        customers=int(customer.max()) + 1,
    )


def test_online_retail_falls_back_and_says_why(online_retail: Visits) -> None:
    """Before Christmas every parametric model says that nobody ever leaves, and forecasts a quarter too little."""
    end = int(online_retail.day.max())
    selection = select(online_retail, day=end, policy=HoldoutPolicy(days=90))
    assert [attempt.model for attempt in selection.attempts] == ["bg_nbd", "pareto_nbd", "mbg_nbd", "empirical"]
    assert selection.chosen.name == "empirical"
    *refused, taken = selection.attempts
    for attempt in refused:
        assert attempt.calibration is not None
        assert not attempt.calibration.converged
        assert attempt.calibration.standard_errors is None
        assert "edge of the search" in attempt.refusal or "flat" in attempt.refusal
        assert attempt.backtest is not None
        assert (attempt.backtest.actual, round(attempt.backtest.expected, -2)) == (4482, 3300)
    assert taken.backtest is not None
    assert refused[0].backtest is not None
    assert abs(taken.backtest.bias) < abs(refused[0].backtest.bias) - 0.05
    assert taken.backtest.mean_absolute_error < refused[0].backtest.mean_absolute_error


def test_online_retail_values_are_finite_with_errors(online_retail: Visits) -> None:
    end = int(online_retail.day.max())
    table = value_customers(online_retail, day=end, policy=HoldoutPolicy(), annual_discount=0.1)
    assert table.flagged.size == 0
    assert np.all(np.isfinite(table.value))
    assert np.all(table.value > 0)
    assert np.all(np.isfinite(table.error))
    assert np.all(table.error > 0)
    assert table.spending.model == "gamma_gamma"
    spent = np.nansum(online_retail.money)
    assert 0.5 * spent < table.value.sum() < 2 * spent


def test_a_biased_model_is_refused_by_name(cdnow: Visits) -> None:
    end = int(cdnow.day.max())
    selection = select(cdnow, day=end, policy=HoldoutPolicy(days=273, tolerance=0.01))
    assert "happened" in selection.attempts[0].refusal


def test_a_short_history_is_not_split_and_still_answers() -> None:
    selection = select(visits_of([(1, 100, 5.0), (2, 101, 7.0)]), day=103, policy=HoldoutPolicy())
    assert selection.chosen.name == "empirical"
    assert selection.attempts[0].refusal == "only 0 customers came back"
    assert selection.attempts[-1].backtest is None


rows = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 800), st.just(float("nan")) | st.floats(0, 1e9)),
    min_size=1,
    max_size=300,
)


@given(rows=rows, silent=st.integers(0, 3000), discount=st.floats(0, 3))
@settings(max_examples=40, deadline=None)
def test_whatever_was_bought_the_answer_is_finite(
    rows: list[tuple[int, int, float]], silent: int, discount: float
) -> None:
    visits = visits_of(rows)
    day = int(visits.day.max()) + silent
    table = value_customers(visits, day=day, policy=HoldoutPolicy(), annual_discount=discount)
    for column in (table.value, table.p_alive, table.purchases_90, table.purchases_365):
        assert np.all(np.isfinite(column))
        assert np.all(column >= 0)
    assert np.all(table.p_alive <= 1)
    assert np.all(table.purchases_90 <= table.purchases_365 + 1e-9)
    assert table.flagged.size == 0
    for week in table.tracking:
        assert np.isfinite(week.expected)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_simulated_buyers_are_recovered(seed: int) -> None:
    """3,000 customers who behave as BG/NBD says, one year: the chosen model forecasts their next year within 15%."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(3000):
        day, rate, leave = float(random.integers(0, 90)), random.gamma(0.8, 1 / 40), random.beta(0.9, 3.0)
        while day < 730:
            rows.append((customer, int(day), 100.0))
            if len(rows) > 1 and rows[-2][0] == customer and random.random() < leave:
                break
            day += random.exponential(1 / rate)
    visits = visits_of(rows)
    known = visits.until(365)
    selection = select(known, day=365, policy=HoldoutPolicy())
    seen = known.statistics(365)
    expected = selection.chosen.purchases(seen, np.array([365 / 7]))[:, 0] @ seen.weight
    actual = visits.counts_between(365, 730)[visits.seen_by(365)].sum()
    assert abs(expected / actual - 1) < 0.15
