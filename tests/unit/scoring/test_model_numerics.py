"""Likelihoods have the gradients they claim, closed forms agree, and nothing is ever NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1

from services.scoring.domain.models import gamma_gamma
from services.scoring.domain.models.beta_geometric import BG_NBD, MBG_NBD
from services.scoring.domain.models.pareto_nbd import PARETO_NBD
from services.scoring.domain.models.purchase_family import PurchaseFamily
from services.scoring.domain.models.quadrature import beta_rule
from services.scoring.domain.repeat_statistics import RepeatStatistics

FAMILIES = (BG_NBD, MBG_NBD, PARETO_NBD)
usual = st.floats(0.05, 20.0)
extreme = st.floats(-12.0, 12.0).map(np.exp)


@st.composite
def customers(draw: st.DrawFn) -> RepeatStatistics:
    rows = draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=15)
    )
    x = np.array([min(row[0], row[1]) for row in rows])
    t_x = np.where(x > 0, [row[1] for row in rows], 0)
    return RepeatStatistics.group(x=x, t_x_days=t_x, t_days=t_x + [row[2] for row in rows])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@given(seen=customers(), parameters=st.lists(usual, min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_gradients_are_those_of_the_likelihood(
    family: PurchaseFamily, seen: RepeatStatistics, parameters: list[float]
) -> None:
    point = np.array(parameters)
    value, gradient = family.log_likelihood(point, seen)
    for direction in np.eye(4) * 1e-6 * point:
        up, _ = family.log_likelihood(point + direction, seen)
        down, _ = family.log_likelihood(point - direction, seen)
        slope = (up - down) / (2 * direction.sum())
        claimed = gradient @ (direction > 0)
        assert slope == pytest.approx(claimed, rel=1e-3, abs=1e-8 * abs(value) / direction.sum() + 1e-6)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@given(seen=customers(), parameters=st.lists(extreme, min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_figure_is_finite_wherever_the_search_may_go(
    family: PurchaseFamily, seen: RepeatStatistics, parameters: list[float]
) -> None:
    point = np.array(parameters)
    value, gradient = family.log_likelihood(point, seen)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    alive = family.p_alive(point, seen)
    assert np.all((alive >= 0) & (alive <= 1))
    expected = family.expected_purchases(point, seen, weeks=np.array([1.0, 52.0]))
    assert np.all(np.isfinite(expected))
    assert np.all(expected >= 0)
    assert np.all(expected[:, 1] >= expected[:, 0] * (1 - 1e-9))


@given(r=st.floats(0.1, 5), alpha=st.floats(1, 30), a=st.floats(1.05, 5), b=st.floats(0.5, 10), x=st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_bg_forecast_is_the_papers_closed_form(r: float, alpha: float, a: float, b: float, x: int) -> None:
    """Equation 10 of Fader, Hardie & Lee (2005), where 2F1 is accurate."""
    seen = RepeatStatistics.group(x=np.array([x]), t_x_days=np.array([140]), t_days=np.array([280]))
    t_x, age, ahead = 20.0, 40.0, 26.0
    z = ahead / (alpha + age + ahead)
    front = (a + b + x - 1) / (a - 1)
    tail = ((alpha + age) / (alpha + age + ahead)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    alive = 1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    closed = front * (1 - tail) / alive
    ours = BG_NBD.expected_purchases(np.array([r, alpha, a, b]), seen, weeks=np.array([ahead]))[0, 0]
    assert ours == pytest.approx(closed, rel=1e-5)


@given(r=st.floats(0.2, 4), alpha=st.floats(2, 30), s=st.floats(0.2, 4), beta=st.floats(2, 30), x=st.integers(0, 25))
@settings(max_examples=100, deadline=None)
def test_pareto_likelihood_is_the_closed_form(r: float, alpha: float, s: float, beta: float, x: int) -> None:
    """Fader & Hardie's note on Pareto/NBD (2005), equation 17 with both cases of A0."""
    t_x, age = (20.0, 39.0) if x else (0.0, 39.0)
    seen = RepeatStatistics.group(x=np.array([x]), t_x_days=np.array([int(t_x * 7)]), t_days=np.array([273]))
    large, small = max(alpha, beta), min(alpha, beta)
    second = s + 1 if alpha >= beta else r + x
    total = r + s + x

    def part(when: float) -> float:
        power = hyp2f1(total, second, total + 1, (large - small) / (large + when))
        return float(power / (large + when) ** total)

    lived = 1 / ((alpha + age) ** (r + x) * (beta + age) ** s)
    inner = np.log(lived + s / total * (part(t_x) - part(age)))
    closed = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + inner
    ours, _ = PARETO_NBD.log_likelihood(np.array([r, alpha, s, beta]), seen)
    assert ours == pytest.approx(closed, rel=1e-6, abs=1e-6)


@given(a=extreme, b=extreme)
@settings(deadline=None)
def test_beta_rule_has_the_moments_of_beta(a: float, b: float) -> None:
    points, weights = beta_rule(a, np.array([b]))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights * points).sum() == pytest.approx(a / (a + b), rel=1e-6, abs=1e-9)


@given(
    parameters=st.lists(st.floats(0.3, 20), min_size=3, max_size=3),
    spent=st.lists(st.tuples(st.integers(1, 50), st.floats(0.1, 1e6)), min_size=1, max_size=10),
)
@settings(deadline=None)
def test_gamma_gamma_gradients(parameters: list[float], spent: list[tuple[int, float]]) -> None:
    visits = np.array([count for count, _ in spent], dtype=np.float64)
    mean = np.array([money for _, money in spent])
    point = np.array(parameters)
    value, gradient = gamma_gamma.log_likelihood(point, visits=visits, mean=mean)
    for index, step in enumerate(1e-6 * point):
        direction = np.eye(3)[index] * step
        up, _ = gamma_gamma.log_likelihood(point + direction, visits=visits, mean=mean)
        down, _ = gamma_gamma.log_likelihood(point - direction, visits=visits, mean=mean)
        noise = 1e-9 * (abs(value) + 1) / step
        assert (up - down) / (2 * step) == pytest.approx(gradient[index], rel=1e-3, abs=noise)


def test_bg_takes_one_time_buyers_for_alive_and_mbg_does_not() -> None:
    seen = RepeatStatistics.group(x=np.array([0]), t_x_days=np.array([0]), t_days=np.array([700]))
    point = np.array([0.5, 6.0, 0.9, 1.6])
    assert BG_NBD.p_alive(point, seen)[0] == 1.0
    assert MBG_NBD.p_alive(point, seen)[0] < 0.9
