"""Orders are what the set of statements says, in whatever order it arrived."""

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


def test_browser_and_server_telling_of_one_order_make_one_order() -> None:
    browser = stated("browser", occurred_at=START)
    server = stated("server", occurred_at=START + timedelta(seconds=2), amount_minor=1200)
    (purchase,) = settle([server, browser]).purchases
    assert (purchase.gross_minor, purchase.placed_at) == (1200, START)


def test_a_later_update_replaces_the_money_but_not_the_day() -> None:
    update = stated("s2", status="updated", occurred_at=START + timedelta(days=3), amount_minor=700)
    (purchase,) = settle([update, stated("s1")]).purchases
    assert (purchase.gross_minor, purchase.day) == (700, START.date())


def test_a_cancelled_order_does_not_count_even_when_the_cancellation_came_first() -> None:
    cancelled = stated("s0", status="cancelled", amount_minor=None, occurred_at=START + timedelta(days=1))
    assert settle([cancelled, stated("s1")]).purchases == ()


def test_an_order_that_is_placed_anew_after_its_cancellation_counts() -> None:
    cancelled = stated("s0", status="cancelled", amount_minor=None, occurred_at=START + timedelta(days=1))
    anew = stated("s2", amount_minor=700, occurred_at=START + timedelta(days=2))
    assert [purchase.gross_minor for purchase in settle([cancelled, stated("s1"), anew]).purchases] == [700]


def test_a_statement_without_money_leaves_the_order_what_it_was_worth() -> None:
    shipped = stated("s2", status="updated", amount_minor=None, occurred_at=START + timedelta(days=2))
    worth = stated("s1").amount_minor
    assert [purchase.gross_minor for purchase in settle([stated("s1"), shipped]).purchases] == [worth]


def test_a_refund_reduces_its_order_and_a_stray_one_the_customer() -> None:
    known = stated("s2", status="refunded", amount_minor=300)
    stray = stated("s3", order_id="unknown", status="refunded", amount_minor=150)
    account = settle([known, stray, stated("s1")])
    assert account.purchases[0].net_minor == 700
    assert account.net_minor("TWD") == 550
    assert account.refunds == 2


def test_a_refund_without_an_amount_gives_the_whole_order_back() -> None:
    whole = stated("s2", status="refunded", amount_minor=None)
    assert settle([whole, stated("s1")]).purchases[0].net_minor == 0


def test_a_free_order_is_no_purchase() -> None:
    assert settle([stated("s1", amount_minor=0)]).purchases == ()


def test_home_currency_is_that_of_most_orders_and_of_equals_the_latest() -> None:
    dollars = stated("s1", order_id="o1", currency="USD")
    taiwan = stated("s2", order_id="o2", occurred_at=START + timedelta(days=1))
    more_dollars = stated("s3", order_id="o3", currency="USD", occurred_at=START - timedelta(days=9))
    assert settle([dollars, taiwan]).home_currency() == "TWD"
    assert settle([dollars, taiwan, more_dollars]).home_currency() == "USD"
    assert settle([]).home_currency() is None


def test_an_order_is_given_back_whole_without_naming_a_currency() -> None:
    for status in ("cancelled", "refunded"):
        gone = stated("s2", status=status, currency="", amount_minor=None, occurred_at=START + timedelta(hours=1))
        account = settle([gone, stated("s1")])
        assert sum(purchase.net_minor for purchase in account.purchases) == 0
        assert settle([gone]).stray_refunds == ()
