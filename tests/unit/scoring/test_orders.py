"""Orders are what the set of statements says; what they come to is in `tests/conformance/purchases`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.orders import OrderStatement, settle

START = datetime(2024, 1, 1, tzinfo=UTC)


def stated(statement_id: str, **changes: object) -> OrderStatement:
    values: dict[str, object] = {
        "statement_id": statement_id,
        "order_id": "o1",
        "status": "completed",
        "currency": "TWD",
        "amount_minor": 1000,
        "occurred_at": START,
    }
    return OrderStatement(**{**values, **changes})  # type: ignore[arg-type]


statements = st.lists(
    st.builds(
        lambda number, order, status, currency, amount, day: stated(
            f"s{number}",
            order_id=f"o{order}",
            status=status,
            currency=currency,
            amount_minor=amount,
            occurred_at=START + timedelta(days=day),
        ),
        st.integers(0, 10_000),
        st.integers(0, 4),
        st.sampled_from(["completed", "updated", "refunded", "cancelled"]),
        st.sampled_from(["TWD", "USD"]),
        st.none() | st.integers(0, 5_000),
        st.integers(0, 30),
    ),
    max_size=25,
    unique_by=lambda statement: statement.statement_id,
)


@given(statements, st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(said: list[OrderStatement], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settle(shuffled) == settle(said)


@given(statements)
def test_no_order_is_worth_less_than_nothing_nor_refunded_beyond_its_worth(said: list[OrderStatement]) -> None:
    for purchase in settle(said).purchases:
        assert purchase.gross_minor > 0
        assert 0 <= purchase.refunded_minor <= purchase.gross_minor


@given(statements)
def test_money_is_never_added_across_currencies(said: list[OrderStatement]) -> None:
    account = settle(said)
    for currency in ("TWD", "USD"):
        alone = [p.net_minor for p in account.purchases if p.currency == currency]
        stray = [amount for code, amount in account.stray_refunds if code == currency]
        assert account.net_minor(currency) == sum(alone) - sum(stray)


def test_home_currency_is_that_of_most_orders_and_of_equals_the_latest() -> None:
    dollars = stated("s1", order_id="o1", currency="USD")
    taiwan = stated("s2", order_id="o2", occurred_at=START + timedelta(days=1))
    more_dollars = stated("s3", order_id="o3", currency="USD", occurred_at=START - timedelta(days=9))
    assert settle([dollars, taiwan]).home_currency() == "TWD"
    assert settle([dollars, taiwan, more_dollars]).home_currency() == "USD"
    assert settle([]).home_currency() is None
