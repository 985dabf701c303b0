"""Invoices as calls: what a client of the tracking API would send, within its limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from deploy.demo.invoices import Invoice, Kind, Line
from deploy.demo.people import invent
from deploy.demo.player import batches
from deploy.demo.tracking_calls import identify_call, track_call

AT = datetime(2011, 3, 1, 9, 30, tzinfo=UTC)


def invoice(kind: Kind, *lines: Line, customer_id: str | None = "17850") -> Invoice:
    return Invoice(
        number="536365", kind=kind, at=AT, currency="GBP", customer_id=customer_id, country="France", lines=lines
    )


def test_a_purchase() -> None:
    call = track_call(invoice(Kind.PURCHASE, Line("85123A", "LANTERN", 6, Decimal("2.55"))))
    assert call == {
        "type": "track",
        "event": "Order Completed",
        "messageId": "invoice:536365",
        "userId": "17850",
        "timestamp": "2011-03-01T09:30:00+00:00",
        "properties": {
            "order_id": "536365",
            "revenue": Decimal("15.30"),
            "currency": "GBP",
            "products": [{"product_id": "85123A", "name": "LANTERN", "price": Decimal("2.55"), "quantity": 6}],
        },
    }


def test_money_paid_back_is_positive() -> None:
    properties = track_call(invoice(Kind.REFUND, Line("D", None, -1, Decimal("27.5"))))["properties"]
    assert properties["total"] == Decimal("27.50")
    assert properties["products"] == [{"product_id": "D", "price": Decimal("27.5"), "quantity": 1}]


def test_each_anonymous_buyer_is_another_one_and_adjustments_are_nobodys() -> None:
    line = Line("B", "Adjust bad debt", 1, Decimal("-11062.06"))
    assert track_call(invoice(Kind.PURCHASE, line, customer_id=None))["anonymousId"] == "till:536365"
    assert track_call(invoice(Kind.STOCK_ADJUSTMENT, line, customer_id=None))["anonymousId"] == "stockroom"
    debt = track_call(invoice(Kind.DEBT_ADJUSTMENT, line, customer_id=None))
    assert debt["anonymousId"] == "ledger"
    assert debt["properties"]["value"] == Decimal("-11062.06")
    assert "revenue" not in debt["properties"]


def test_invented_people_stay_the_same_and_are_marked() -> None:
    people = [invent(str(number), "France") for number in range(12_000, 14_000)]
    assert people == [invent(person.customer_id, "France") for person in people]
    assert all(person.traits["is_fictional"] is True for person in people)
    assert all(person.email.endswith((".com", ".net", ".test")) for person in people if person.email)
    addresses = [person.email for person in people if person.email]
    assert len(set(addresses)) == len(addresses)
    assert {"Dear customer", "親愛的顧客"} < {person.salutation for person in people}
    assert any(person.email is None for person in people)
    call = identify_call(people[0], first_seen=AT)
    assert call["traits"] == people[0].traits


def call(size: int) -> dict[str, str]:
    return {"messageId": "x" * size}


@pytest.mark.parametrize(("calls", "size"), [(1, 10), (2_501, 10), (9_000, 100), (40, 100_000)])
def test_batches_keep_to_the_limits_and_lose_nothing(calls: int, size: int) -> None:
    bodies = list(batches(call(size) for _ in range(calls)))
    assert sum(count for _, count in bodies) == calls
    for body, count in bodies:
        assert len(json.loads(body)["batch"]) == count <= 2_500
        assert len(body) <= 500 * 1000


def test_nothing_to_send_is_no_batch() -> None:
    assert list(batches([])) == []


def test_exact_decimals_reach_the_wire() -> None:
    ((body, _),) = batches([{"revenue": Decimal("139.10"), "price": Decimal("0.001")}])
    assert body == b'{"batch":[{"revenue":139.10,"price":0.001}]}'
