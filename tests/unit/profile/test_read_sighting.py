from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.profile.adapters.phone_numbers import read_e164
from services.profile.domain.sighting import Sighting
from services.profile.use_cases.read_sighting import dearest, read_sighting
from shared.contracts.events import Order, OrderLine, TouchpointRecordedV1

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def touchpoint(**fields: Any) -> TouchpointRecordedV1:
    defaults: dict[str, Any] = {
        "touchpoint_id": "t",
        "message_id": "m",
        "source_id": "s",
        "kind": "track",
        "subject": "",
        "occurred_at": NOW,
        "received_at": NOW,
    }
    return TouchpointRecordedV1(**(defaults | fields))


def read(**fields: Any) -> Sighting | None:
    return read_sighting(touchpoint(**fields), read_phone=read_e164, now=NOW)


def names(**fields: Any) -> set[str]:
    sighting = read(**fields)
    assert sighting is not None
    return {f"{name.kind}:{name.value}" for name in sighting.tie.claims}


def test_identify_ties_ids_address_and_telephone() -> None:
    traits = {"email": "Jane@Example.com", "phone": "0912 345 678", "country": "tw", "city": "Taipei"}
    assert names(kind="identify", user_id="u", anonymous_id="a", traits=traits) == {
        "user_id:u",
        "anonymous_id:a",
        "email:jane@example.com",
        "phone:+886912345678",
    }


@pytest.mark.parametrize("where", [{"address": {"country": "TW"}}, {"locale": "zh-TW"}, {"country_code": "TW"}])
def test_the_region_of_a_telephone_number(where: dict[str, Any]) -> None:
    assert "phone:+886912345678" in names(kind="identify", user_id="u", traits={"phone": "0912345678", **where})


def test_an_unreadable_telephone_number_stays_a_trait() -> None:
    sighting = read(kind="identify", user_id="u", traits={"phone": "ask at the desk"})
    assert sighting is not None
    assert {name.kind for name in sighting.tie.claims} == {"user_id"}
    assert [each.value for each in sighting.observations] == ["ask at the desk"]


def test_traits_of_other_calls_are_not_the_customers() -> None:
    for kind in ("track", "group", "page"):
        context = {"traits": {"email": "other@example.com"}}
        sighting = read(kind=kind, user_id="u", traits={"industry": "tea", "email": "a@b.c"}, context=context)
        assert sighting is not None
        assert sighting.observations == ()
        assert {name.kind for name in sighting.tie.claims} == {"user_id"}


def test_external_ids_in_both_dialects() -> None:
    context = {
        "externalIds": [
            {"id": "42", "type": "shopify", "collection": "users", "encoding": "none"},
            {"id": "43", "type": "shopify", "collection": "accounts", "encoding": "none"},
            {"id": "JANE@example.com", "type": "email"},
            "junk",
        ],
        "externalId": [{"id": 7, "type": "HubSpot-Contact"}],
    }
    assert names(user_id="u", context=context) == {
        "user_id:u",
        "external:shopify:42",
        "email:jane@example.com",
        "external:hubspot-contact:7",
    }


def test_an_alias_leads_either_kind_of_former_id_here() -> None:
    sighting = read(kind="alias", user_id="new", previous_id="old")
    assert sighting is not None
    assert {f"{name.kind}:{name.value}" for name in sighting.tie.claims} == {
        "user_id:new",
        "user_id:old",
        "anonymous_id:old",
    }
    assert {name.value for name in sighting.tie.aliases} == {"new", "old"}


def test_nobody_and_robots_are_passed_over() -> None:
    assert read(user_id="null") is None
    order = Order(order_id="o", status="completed", currency="GBP", amount_minor=100)
    for robot in ({"kind": "page"}, {"kind": "identify", "traits": {"email": "a@example.com"}}, {"order": order}):
        assert read(user_id="u", is_bot=True, **robot) is None
        assert read(user_id="u", **robot) is not None


def test_the_dearest_products_come_first() -> None:
    lines = [OrderLine(name=f"p{n}", quantity=Decimal(1), unit_price=Decimal(n)) for n in range(7)]
    assert dearest([*lines, OrderLine(sku="many", quantity=Decimal(100), unit_price=Decimal(1))]) == (
        "many",
        "p6",
        "p5",
        "p4",
        "p3",
    )


def test_a_refund_without_an_amount_is_the_whole_order() -> None:
    sighting = read(user_id="u", order=Order(order_id="o", status="refunded", currency="GBP"))
    assert sighting is not None
    assert sighting.order is not None
    assert [refund.amount_minor for refund in sighting.order.refunds.values()] == [None]


def test_an_order_event_without_money_does_not_undo_one_that_named_it() -> None:
    bought = read(user_id="u", order=Order(order_id="o", status="completed", currency="GBP", amount_minor=500))
    shipped = read(
        user_id="u", occurred_at=NOW + timedelta(days=1), order=Order(order_id="o", status="updated", currency="GBP")
    )
    assert bought is not None
    assert bought.order is not None
    assert shipped is not None
    assert shipped.order is not None
    assert bought.order.combine(shipped.order).amount_minor == 500
