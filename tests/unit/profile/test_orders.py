"""Orders from events in any order of arrival; what they come to is in `tests/conformance/purchases`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.orders import OrderRecord, Placement, Purchases, Refund
from tests.support.purchases import add_up

START = datetime(2026, 1, 1, tzinfo=UTC)
times = st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))
currencies = st.sampled_from(["GBP", "TWD"])
ids = st.integers(0, 99).map(lambda number: f"t{number:02}")


def placed(at: datetime, by: str, amount: int, currency: str = "GBP") -> OrderRecord:
    return OrderRecord("o", ordered_at=at, placement=Placement(at, by, currency, amount, (by,)))


def refunded(at: datetime, by: str, amount: int | None, currency: str = "GBP") -> OrderRecord:
    return OrderRecord("o", refunds={by: Refund(at, currency, amount)})


def cancelled(at: datetime) -> OrderRecord:
    return OrderRecord("o", cancelled_at=at, currency_hint="GBP")


events = st.lists(
    st.one_of(
        st.builds(placed, times, ids, st.integers(0, 500), currencies),
        st.builds(refunded, times, ids, st.none() | st.integers(0, 500), currencies),
        st.builds(cancelled, times),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda record: (
        record.placement.touchpoint_id if record.placement else next(iter(record.refunds), str(record.cancelled_at))
    ),
)


def together(records: list[OrderRecord]) -> OrderRecord:
    return reduce(OrderRecord.combine, records)


@given(events, st.randoms())
def test_any_order_with_duplicates_is_the_same_order(records, random) -> None:
    shuffled = [*records, *records]
    random.shuffle(shuffled)
    assert together(shuffled) == together(records)


@given(events, events, events)
def test_records_combine_like_sets(one, two, three) -> None:
    a, b, c = together(one), together(two), together(three)
    assert a.combine(b).combine(c).status == a.combine(b.combine(c)).status
    assert a.combine(a) == a


@given(events)
def test_a_placed_order_never_pays_back_more_than_it_took(records) -> None:
    order = together(records)
    if order.status == "placed":
        assert 0 <= order.net_minor <= order.amount_minor


def test_the_last_order_is_named() -> None:
    first = OrderRecord("1", START, Placement(START, "a", "GBP", 100, ("pen",)))
    later = START + timedelta(days=3)
    second = OrderRecord("2", later, Placement(later, "b", "GBP", 250, ("lamp", "pen")))
    assert add_up([second, first]) == Purchases(
        orders=2,
        refunds=0,
        spent_minor={"GBP": 350},
        first_order_at=START,
        last_order_at=later,
        last_order_id="2",
        last_order_amount_minor=250,
        last_order_currency="GBP",
        last_order_products=("lamp", "pen"),
    )
