"""Orders read from e-commerce events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from babel.numbers import list_currencies
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain import orders
from services.events.domain.money import MINOR_DIGITS, minor_units, read_currency, read_number
from services.events.domain.orders import Order, OrderStatus, order_status, read_order


def read(status: OrderStatus = "completed", default: str | None = None, **properties: Any) -> Order:
    order, _ = read_order(
        status, {"order_id": "o1", "currency": "GBP"} | properties, fallback_id="m1", default_currency=default
    )
    assert order is not None
    return order


def flaws(status: OrderStatus = "completed", **properties: Any) -> tuple[str, ...]:
    return read_order(status, {"order_id": "o1", "currency": "GBP", "revenue": 1} | properties, fallback_id="m1")[1]


def test_a_whole_order_is_given_back_without_naming_its_currency() -> None:
    gone, told = read_order("cancelled", {"order_id": "o"}, fallback_id="m")
    assert (gone, told) == (Order("o", "cancelled", "", None, (), None), ())
    assert read_order("cancelled", {"order_id": "o", "revenue": 5}, fallback_id="m")[0] == gone
    refunded, _ = read_order("refunded", {"order_id": "o"}, fallback_id="m")
    assert (refunded and refunded.currency, refunded and refunded.amount_minor) == ("", None)
    for properties in ({"revenue": 5}, {"revenue": "five"}, {"products": [{"price": 5}]}):
        assert read_order("refunded", {"order_id": "o", **properties}, fallback_id="m")[0] is None


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Order Completed", "completed"),
        (" order completed ", "completed"),
        ("order_completed", "completed"),
        ("Completed Order", "completed"),
        ("Order Updated", "updated"),
        ("Order Refunded", "refunded"),
        ("Order Cancelled", "cancelled"),
        ("Order Canceled", "cancelled"),
        ("Order Shipped", None),
        ("", None),
        (None, None),
    ],
)
def test_four_events_are_about_orders(name: str | None, status: str | None) -> None:
    assert order_status(name) == status


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("GBP", 249.45, 24945),
        ("TWD", "1,234.50", 123450),
        ("JPY", 1200, 1200),
        ("KWD", "1.2345", 1235),
        ("usd", 0.1 + 0.2, 30),
        ("EUR", "15.005", 1501),
        ("EUR", 0, 0),
        ("CLF", 1, 10000),
    ],
)
def test_amounts_are_exact_in_the_currencys_minor_units(currency: str, amount: Any, minor: int) -> None:
    assert read(currency=currency, revenue=amount).amount_minor == minor


@given(st.decimals(0, 10**12, places=2))
def test_no_cent_is_lost_between_json_number_and_minor_units(amount: Decimal) -> None:
    assert read(revenue=str(amount)).amount_minor == int(amount * 100)
    if len(amount.as_tuple().digits) <= 15:
        assert read(revenue=float(amount)).amount_minor == int(amount * 100)


def test_the_amount_is_revenue_else_total_else_what_the_products_cost() -> None:
    products = [{"price": 1.1, "quantity": 3}, {"price": "2.20"}, {"name": "gift"}]
    assert read(revenue=9, total=10, products=products).amount_minor == 900
    assert read(total=10, products=products).amount_minor == 1000
    assert read(products=products).amount_minor == 550
    assert read(revenue=None, total="", products=products).amount_minor == 550
    assert read().amount_minor is None


def test_money_paid_back_is_told_without_its_sign() -> None:
    assert read("refunded", revenue=-12.5).amount_minor == 1250
    assert read("cancelled", total="12.5").amount_minor == 1250
    assert read("refunded").amount_minor is None
    assert flaws("refunded", revenue=None) == ()


@pytest.mark.parametrize("amount", ["much", 10**16, "9" * 30])
def test_a_refund_that_cannot_be_read_is_not_of_the_whole_order(amount: object) -> None:
    assert read("refunded", revenue=amount).amount_minor == 0
    assert flaws("refunded", revenue=amount) == (orders.BAD_AMOUNT,)
    assert read("refunded", revenue=amount, total=3).amount_minor == 300
    assert read("cancelled", revenue=amount).amount_minor is None


@pytest.mark.parametrize("nothing", [None, "", "  ", True])
def test_either_spelling_of_an_id_will_do(nothing: object) -> None:
    assert read(order_id=nothing, orderId="o2").order_id == "o2"
    (line,) = read(products=[{"product_id": nothing, "productId": 7}]).lines
    assert line.product_id == "7"


def test_an_order_that_costs_less_than_nothing_counts_as_nothing() -> None:
    assert read(revenue=-5).amount_minor == 0
    assert flaws(revenue=-5) == (orders.NEGATIVE,)


@pytest.mark.parametrize(("currency", "most"), [("CLF", 10**11), ("EUR", 10**13), ("JPY", 10**13)])
def test_no_order_costs_so_much_that_a_few_would_exceed_64_bits(currency: str, most: int) -> None:
    assert read(currency=currency, revenue=most).amount_minor == minor_units(Decimal(most), currency)
    assert read(currency=currency, revenue=most * 101).amount_minor is None
    assert orders.BAD_AMOUNT in flaws(currency=currency, revenue=most * 101)


def test_lines_keep_exact_quantities_and_prices() -> None:
    product = {
        "product_id": 22138,
        "sku": " A1 ",
        "name": "BAKING SET",
        "category": "kitchen",
        "price": 4.95,
        "quantity": -3,
    }
    (line,) = read(products=[product]).lines
    assert line == ("22138", "A1", "BAKING SET", "kitchen", Decimal(-3), Decimal("4.95"))
    (single,) = read(products={"sku": "A1"}).lines
    assert (single.quantity, single.unit_price) == (Decimal(1), None)


def test_what_is_wrong_with_an_order_is_said() -> None:
    assert flaws() == ()
    assert read_order("completed", {"order_id": "o", "revenue": 1}, fallback_id="m") == (None, (orders.NO_CURRENCY,))
    assert read_order("completed", {"order_id": "o", "currency": "£"}, fallback_id="m") == (
        None,
        (orders.BAD_CURRENCY,),
    )
    assert flaws(revenue="much") == (orders.BAD_AMOUNT, orders.NO_AMOUNT)
    assert flaws(products="two") == (orders.BAD_PRODUCTS,)
    assert flaws(products=[{"price": "much"}, {"quantity": True}]) == (orders.BAD_PRODUCTS,)
    assert flaws(order_id=None) == (orders.NO_ID,)
    assert read(order_id=None).order_id == "m1"
    assert flaws(order_id="x" * 300) == (orders.NO_ID,)


def test_a_source_may_have_a_currency_of_its_own() -> None:
    assert read(currency=None, default="TWD").currency == "TWD"
    assert read(currency="USD", default="TWD").currency == "USD"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["order_id", "revenue", "total", "currency", "products", "coupon"])


@given(st.dictionaries(fields, json_values), st.sampled_from(["completed", "updated", "refunded", "cancelled"]))
def test_whatever_a_client_writes_can_be_read(properties: dict[str, Any], status: OrderStatus) -> None:
    order, _ = read_order(status, properties, fallback_id="m1", default_currency="TWD")
    if order is not None:
        assert order.amount_minor is None or 0 <= order.amount_minor < 2**63
        assert order.order_id


@given(st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(-(10**13), 10**13)), max_size=5))
def test_sums_never_outgrow_64_bits(priced: list[tuple[int, int]]) -> None:
    products = [{"price": price, "quantity": quantity} for price, quantity in priced]
    amount = read("refunded", products=products).amount_minor
    assert amount is None or 0 <= amount < 2**63


@pytest.mark.parametrize(
    "value", ["1e1000000", "1e-1000000", "NaN", "inf", "", "1,23", "0x10", True, None, [], 10**40, "9" * 50]
)
def test_no_number_is_read_where_none_is(value: object) -> None:
    assert read_number(value) is None


def test_numbers_too_long_for_a_text_are_no_prices() -> None:
    assert read_number(10**5000) is None


def test_every_current_currency_is_known() -> None:
    assert {"USD", "EUR", "TWD", "CNY", "JPY", "KWD", "XAF", "ZWG"} <= MINOR_DIGITS.keys()
    assert not MINOR_DIGITS.keys() - list_currencies() - {"ZWG", "XCG"}
    assert (read_currency(" gbp "), read_currency("XXX"), read_currency(7)) == ("GBP", None, None)
    assert minor_units(Decimal("-0.005"), "GBP") == -1
