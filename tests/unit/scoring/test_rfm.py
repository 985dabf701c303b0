"""Quantile classes, the six blocks, and lapsing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.quantiles import quantile_class
from services.scoring.domain.rfm import score_rfm
from services.scoring.domain.visits import Visits


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=200), st.integers(2, 6))
def test_classes_follow_values_and_ties_stay_together(values: list[int], classes: int) -> None:
    column = np.array(values)
    found = quantile_class(column, classes)
    assert found.min() == 0
    assert found.max() < classes
    order = np.argsort(column, kind="stable")
    assert np.all(np.diff(found[order]) >= 0)
    for value in set(values):
        assert len(set(found[column == value])) == 1


@given(st.integers(1, 40), st.integers(2, 6))
def test_distinct_values_fall_into_equal_classes(size: int, classes: int) -> None:
    found = quantile_class(np.arange(size * classes), classes)
    assert np.all(np.bincount(found) == size)


def test_many_one_time_buyers_are_one_class_and_the_rest_still_spread() -> None:
    visits = np.array([1] * 70 + [2, 3, 4] * 10)
    assert list(quantile_class(visits, 3)[[0, 70, 71, 72]]) == [0, 1, 1, 2]


def score(rows: list[tuple[int, int, float]], *, day: int, currency: list[int] | None = None):
    customers = max(row[0] for row in rows) + 1
    visits = Visits.from_purchases(
        customer=np.array([row[0] for row in rows]),
        day=np.array([row[1] for row in rows]),
        money=np.array([row[2] for row in rows]),
        customers=customers,
    )
    net = np.bincount(visits.customer, weights=visits.money, minlength=customers)
    home = np.array(currency or [0] * customers)
    return score_rfm(visits, net_minor=net, currency=home, day=day)


def test_the_six_blocks() -> None:
    """High and low spenders with six, three and one visit each."""
    rows = [
        (customer, 10 * visit, money / count)
        for customer, (count, money) in enumerate([(6, 900), (3, 800), (1, 700), (6, 30), (3, 20), (1, 10)])
        for visit in range(count)
    ]
    assert score(rows, day=60).block == ("A", "B", "C", "D", "E", "F")


def test_money_is_ranked_within_a_currency_only() -> None:
    rows = [(0, 1, 5.0), (1, 1, 9.0), (2, 1, 5_000_000.0), (3, 1, 9_000_000.0)]
    assert list(score(rows, day=2, currency=[0, 0, 1, 1]).block) == ["F", "C", "F", "C"]


def test_who_is_silent_for_twice_the_usual_gap_is_lapsing() -> None:
    weekly = [(0, 7 * week, 10.0) for week in range(20)]
    still_coming = [(1, 7 * week, 10.0) for week in range(30)]
    table = score(weekly + still_coming, day=7 * 30)
    assert list(table.lapsing) == [1, 0]
    assert table.usual_gap_days[0] == 7.0


def test_nobody_lapses_where_nobody_ever_came_back() -> None:
    assert list(score([(0, 0, 1.0), (1, 50, 1.0)], day=100).lapsing) == [0, 0]
