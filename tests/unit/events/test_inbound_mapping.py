"""The mapping language: from a partner's JSON to calls, or the reasons why not."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.api.schemas.mapping import MappingDocument
from services.events.domain.inbound.errors import Unmappable
from services.events.domain.inbound.mapped_calls import MAX_ELEMENTS, MappedCalls, map_payload
from services.events.domain.inbound.mapping import read_mapping
from services.events.domain.inbound.pointers import ABSENT, Pointer, Scope
from services.events.domain.subjects import id_behind

VISIT = {"event": "Visited", "user_id": "/member"}


def mapped(document: dict[str, Any], payload: object, currency: str | None = None) -> MappedCalls:
    stored = MappingDocument.model_validate(VISIT | document).document()
    return map_payload(read_mapping(stored), payload, default_currency=currency)


def call(document: dict[str, Any], payload: object, currency: str | None = None) -> dict[str, Any]:
    (one,) = mapped(document, payload, currency).calls
    return dict(one)


def reasons(document: dict[str, Any], payload: object) -> list[tuple[str, int | None]]:
    with pytest.raises(Unmappable) as caught:
        mapped(document, payload)
    return [(flaw.target, flaw.element) for flaw in caught.value.flaws]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a/b", 1), ("/a~1b/m~0n", 2), ("/list/1/x", 3), ("/", 4), ("/list/9", ABSENT), ("/list/01", ABSENT),
        ("/list/-1", ABSENT), ("/list/x", ABSENT), ("/a/b/c", ABSENT), ("/null", ABSENT), ("./x", 5), (".", {"x": 5}),
    ],
)  # fmt: skip
def test_pointers_are_those_of_rfc_6901(pointer: str, value: object) -> None:
    root = {"a": {"b": 1}, "a/b": {"m~n": 2}, "list": [0, {"x": 3}], "": 4, "null": None}
    assert Pointer(pointer).find(Scope(root, {"x": 5})) == value


def test_constants_places_defaults_and_look_ups() -> None:
    document = {
        "event": {"from": "/kind", "lookup": {"1": "Visited", "true": "Called"}, "default": "Something"},
        "channel": "Store",
        "properties": {
            "dot": ".hidden", "number": 7, "flag": True, "whole": "/deep", "missing": "/no",
            "kept": {"from": "/no", "default": "x"}, "id": {"from": "/member", "as": "text"},
        },
    }  # fmt: skip
    payload = {"kind": 1, "member": 42, "deep": {"a": [1, {"b": 2}]}}
    assert call(document, payload) == {
        "type": "track", "event": "Visited", "userId": "42", "channel": "Store",
        "properties": {"dot": ".hidden", "number": 7, "flag": True, "whole": payload["deep"], "kept": "x", "id": "42"},
    }  # fmt: skip
    assert call(document, payload | {"kind": True})["event"] == "Called"
    assert call(document, payload | {"kind": "new"})["event"] == "Something"


@pytest.mark.parametrize(
    ("currency", "minor", "major"), [("EUR", 1999, "19.99"), ("JPY", 1999, "1999"), ("KWD", "1999", "1.999")]
)
def test_minor_units_are_those_of_the_currency(currency: str, minor: object, major: str) -> None:
    cents = {"from": "/cents", "as": "minor_units"}
    products = {"for_each": "/lines", "item": {"sku": "./sku", "price": {"from": "./cents", "as": "minor_units"}}}
    document = {"properties": {"revenue": cents, "currency": "/money", "products": products}}
    payload = {"member": "m", "cents": minor, "money": currency, "lines": [{"sku": "a", "cents": minor}, {}]}
    properties = call(document, payload)["properties"]
    assert properties == {"revenue": major, "currency": currency, "products": [{"sku": "a", "price": major}, {}]}
    assert call({"properties": {"revenue": cents}}, payload, currency)["properties"] == {"revenue": major}
    assert reasons({"properties": {"revenue": cents}}, payload) == [("properties.revenue", None)]


def test_an_address_names_the_customer_in_every_call() -> None:
    document = {"user_id": None, "email": "/mail"}
    one, same = (call(document, {"mail": mail}) for mail in ("Chen@Example.com", "chen@example.com "))
    assert one == same
    assert one["anonymousId"].startswith("email-")
    assert "example" not in one["anonymousId"]
    assert one["context"]["externalIds"] == [{"type": "email", "id": "chen@example.com", "collection": "users"}]
    who = call({"type": "identify", "email": "/mail", "traits": {"city": "/city"}}, {"member": "m", "mail": "a@b.c"})
    assert (who["userId"], who["traits"]) == ("m", {"email": "a@b.c"})
    assert reasons(document, {"mail": "nobody"}) == [("email", None), ("user_id", None)]


def test_a_telephone_alone_names_the_customer_and_an_address_goes_before_it() -> None:
    document = {"user_id": None, "phone": "/phone", "email": "/mail"}
    told = call(document, {"phone": "+886 2 2345 6789"})
    assert told["anonymousId"] == id_behind("phone", "+886 2 2345 6789")
    assert told["context"]["externalIds"] == [{"type": "phone", "id": "+886 2 2345 6789", "collection": "users"}]
    both = call(document, {"phone": 886223456789, "mail": "a@b.c"})
    assert both["anonymousId"].startswith("email-")
    assert [(each["type"], each["id"]) for each in both["context"]["externalIds"]] == [
        ("email", "a@b.c"), ("phone", "886223456789"),
    ]  # fmt: skip
    who = call(
        {"type": "identify", "phone": "/phone", "traits": {"phone": "/own"}}, {"member": "m", "phone": "02-1234"}
    )
    assert (who["userId"], who["traits"]) == ("m", {"phone": "02-1234"})
    assert reasons(document, {"phone": "ask at the desk"}) == [("phone", None), ("user_id", None)]
    assert reasons(document, {"phone": "0"}) == [("phone", None), ("user_id", None)]


def test_of_several_places_the_first_that_holds_something_counts() -> None:
    places = {"from": ["/card", "/customer/number", "/ids/0"], "default": "walk-in"}
    document = {"user_id": places, "properties": {"amount": {"from": ["/a", "/b"], "as": "minor_units"}}}
    payload = {"card": " ", "customer": {"number": None}, "ids": [42]}
    assert call(document, payload)["userId"] == "42"
    assert call(document, payload | {"card": "c"})["userId"] == "c"
    assert call(document, {})["userId"] == "walk-in"
    assert call(document, {"card": "c", "a": 0, "b": 5}, "EUR")["properties"] == {"amount": "0.00"}
    listed = {"for_each": "/lines", "item": {"sku": {"from": ["./sku", "./ean", "/fallback"]}}}
    lines = {"member": "m", "lines": [{"sku": "s", "ean": "e"}, {"ean": "e"}, {}], "fallback": "f"}
    products = call({"properties": {"products": listed}}, lines)["properties"]["products"]
    assert products == [{"sku": "s"}, {"sku": "e"}, {"sku": "f"}]


def test_a_blank_text_at_the_only_place_stays_what_it_was_in_mappings_saved_before() -> None:
    document = {"properties": {"note": {"from": "/note", "default": "none"}}}
    assert call(document, {"member": "m", "note": ""})["properties"] == {"note": ""}


@pytest.mark.parametrize(
    "stated", ["2023-11-14T22:13:20Z", 1_700_000_000, "1700000000", 1_700_000_000_000, "2023-11-15T06:13:20+08:00"]
)
def test_times_in_every_usual_form(stated: object) -> None:
    told = call({"timestamp": "/at"}, {"member": "m", "at": stated})
    assert told["timestamp"] == "2023-11-14T22:13:20+00:00"


def test_reasons_name_the_part_and_the_element() -> None:
    document = {"for_each": "/all", "user_id": "./who", "timestamp": "./at", "channel": "./channel"}
    payload = {"all": [{"who": "a"}, {"at": "noon"}, {"who": [], "channel": {}}]}
    assert reasons(document, payload) == [
        ("user_id", 1), ("timestamp", 1), ("user_id", 2), ("user_id", 2), ("channel", 2)
    ]  # fmt: skip
    assert reasons({"for_each": "/none"}, {"member": "m"}) == [("for_each", None)]
    assert reasons({"for_each": "/all"}, {"all": [0] * (MAX_ELEMENTS + 1)}) == [("for_each", None)]
    assert reasons({"for_each": "/all", "message_id": "/id"}, {"member": 1, "id": 1, "all": [1, 2]}) == [
        ("message_id", None)
    ]
    assert reasons({"event": "/no"}, {"member": "m"}) == [("event", None)]


def test_conditions_pass_over_what_is_not_meant() -> None:
    document = {"for_each": "/all", "user_id": "./who", "when": [{"from": "./kind", "in": ["sale", "7"]}]}
    found = mapped(document, {"all": [{"who": "a", "kind": "sale"}, {"kind": "ping"}, {"who": "b", "kind": 7}, 5]})
    assert ([one["userId"] for one in found.calls], found.passed_over) == (["a", "b"], 2)


@pytest.mark.parametrize(
    "document",
    [
        {"user_id": None}, {"event": None}, {"event": "/a~2"}, {"for_each": "orders"},
        {"properties": {"x": {"from": "x"}}},
        {"properties": {"x": {"from": "/x", "as": "float"}}}, {"properties": {"x": [1]}}, {"colour": "/x"},
        {"properties": {"x": {"for_each": "/x", "item": {"y": {"for_each": "/z", "item": {}}}}}},
        {"email": {"from": []}}, {"email": {"from": ["/a"]}}, {"email": {"from": ["/a", "b"]}}, {"email": ["/a", "/b"]},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_when_it_is_saved(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        MappingDocument.model_validate(VISIT | document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
places = st.sampled_from(["/a", "/b/c", "/a/0", "./a", ".", "constant", "/c"])
readings = places.filter(lambda p: p != "constant").flatmap(
    lambda place: st.sampled_from(
        [{"from": place}, {"from": [place, "/c"]}, {"from": place, "as": "text"}, {"from": place, "as": "minor_units"}]
    )
)
expressions = places | readings
targets = st.fixed_dictionaries(
    {"event": expressions, "user_id": expressions},
    optional=dict.fromkeys(("email", "phone", "timestamp", "message_id", "channel", "user_agent"), expressions)
    | {"for_each": st.sampled_from(["/a", "."]), "type": st.sampled_from(["track", "identify"])},
)


@given(targets, st.dictionaries(st.sampled_from("xyz"), expressions), json_values)
def test_any_payload_is_mapped_or_refused_with_reasons(
    document: dict[str, Any], properties: dict[str, Any], payload: object
) -> None:
    with contextlib.suppress(Unmappable):
        for one in mapped(document | {"properties": properties}, payload, "EUR").calls:
            assert one.get("userId") or one.get("anonymousId")
