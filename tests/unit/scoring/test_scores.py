"""Scores: all models on all customers, with figures that any JSON reader takes and reasons in both languages."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.errors import UnknownModel
from services.scoring.domain.orders import Account, Purchase
from services.scoring.domain.population import day_number, day_of, gather
from services.scoring.domain.reasons import Driver, sentence
from services.scoring.domain.scores import MODELS, Score
from services.scoring.domain.scoring import ScoringPlan
from services.scoring.domain.scoring import score as score_population
from services.scoring.use_cases.report_run import GridCount, fit_report

START = datetime(2020, 1, 1, tzinfo=UTC)

purchases = st.builds(
    lambda day, currency, gross, refunded: Purchase(
        order_id=f"{day}-{gross}",
        placed_at=START + timedelta(days=day),
        currency=currency,
        gross_minor=gross,
        refunded_minor=min(gross, refunded),
        paid_lines=1,
    ),
    st.integers(0, 500),
    st.sampled_from(["GBP", "TWD", "JPY"]),
    st.integers(1, 10**9),
    st.integers(0, 10**9),
)
accounts = st.lists(
    st.builds(lambda bought: Account(tuple(bought)), st.lists(purchases, max_size=8)), min_size=1, max_size=40
)


def score_all(bought: list[Account], plan: ScoringPlan) -> tuple[list[Score], dict[str, object]]:
    fits: dict[str, object] = {}
    population = gather((f"p{number}", account) for number, account in enumerate(bought))
    scores = list(score_population(population, plan, lambda currency, fit: fits.update({currency: fit_report(fit)})))
    return scores, fits


@given(accounts)
@settings(max_examples=25, deadline=None)
def test_everybody_with_a_purchase_gets_every_score_as_plain_json(bought: list[Account]) -> None:
    scores, fits = score_all(bought, ScoringPlan(MODELS, day_number(START) + 600))
    buyers = {f"p{number}" for number, account in enumerate(bought) if account.purchases}
    for model in MODELS:
        assert sorted(each.profile_id for each in scores if each.model == model) == sorted(buyers)
    json.dumps([dict(each.values) for each in scores], allow_nan=False)
    json.dumps(fits, allow_nan=False)
    for each in scores:
        assert each.drivers
        for driver in each.drivers:
            for language in ("en", "zh-TW"):
                assert sentence(driver, currency=each.currency, language=language)


@pytest.mark.parametrize(("days", "said"), [(1, "1 day "), (21, "21 days "), (0.1, "0.1 days "), (1001, "1,001 days ")])
def test_one_day_is_no_days(days: float, said: str) -> None:
    assert f" {said}" in sentence(Driver("visits", days, 2.0), currency="EUR", language="en")


@given(accounts)
@settings(max_examples=10, deadline=None)
def test_the_grid_counts_each_customer_once(bought: list[Account]) -> None:
    scores, _ = score_all(bought, ScoringPlan(("rfm",), day_number(START) + 600))
    grid = GridCount()
    for each in scores:
        grid.count(each)
    assert sum(cell["customers"] for cell in grid.report()) == len(scores)


def test_the_home_currencys_money_alone_counts() -> None:
    def bought(day: int, currency: str, gross: int) -> Purchase:
        return Purchase(f"{day}", START + timedelta(days=day), currency, gross, 0, 1)

    account = Account((bought(1, "TWD", 100), bought(2, "USD", 999_999), bought(3, "TWD", 50)))
    (score,), _ = score_all([account], ScoringPlan(("rfm",), day_number(START) + 10))
    assert (score.currency, score.values["net_minor"], score.values["visits"]) == ("TWD", 150, 3)


def test_a_plan_with_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModel, match="horoscope"):
        ScoringPlan(("horoscope",), 0)


def test_days_are_counted_both_ways() -> None:
    assert day_of(day_number(START)) == START.date()


def test_purchases_before_1970_are_days_like_others() -> None:
    def accounts_from(start: datetime) -> list[Account]:
        bought = [[0], [3, 9], [1, 2, 30], [5, 40, 41, 90]]
        return [
            Account(tuple(Purchase(f"{day}", start + timedelta(days=day), "GBP", 100 + day, 0, 1) for day in days))
            for days in bought
        ]

    early, late = datetime(1969, 11, 1, tzinfo=UTC), datetime(2011, 11, 1, tzinfo=UTC)
    told = [score_all(accounts_from(start), ScoringPlan(MODELS, day_number(start) + 120))[0] for start in (early, late)]
    assert told[0] == told[1]


def test_one_false_date_of_long_ago_costs_no_memory() -> None:
    days = [-1_500, *range(19_000, 21_000)]
    bought = [Account((Purchase("1", datetime(1970, 1, 1, tzinfo=UTC) + timedelta(d), "GBP", 9, 0, 1),)) for d in days]
    tracemalloc.start()
    scores, _ = score_all(bought, ScoringPlan(MODELS, 21_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(scores) == 2 * len(days)
    assert peak < 100 * 2**20
