"""Sources and their write keys."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.integration.events.suite import Events, wait_until

PAGE = {"userId": "u"}


def make(gate: Events, **body: Any) -> httpx.Response:
    return gate.http.post("/v1/sources", json={"name": "till", **body}, headers=gate.read)


def send(gate: Events, write_key: str) -> int:
    return gate.http.post("/v1/page", json=PAGE, auth=(write_key, "")).status_code


def partner(gate: Events, **more: str) -> dict[str, Any]:
    """A partner's API key, and the header that it goes into."""
    asked = {"name": "partner", "scopes": ["sources:read", "sources:write"], **more}
    made = gate.post("/v1/api-keys", json=asked).json()
    return {"id": made["id"], "headers": {"Authorization": f"Bearer {made['key']}"}}


def listed(gate: Events, headers: dict[str, str]) -> list[str]:
    return [source["id"] for source in gate.get("/v1/sources", headers=headers)["data"]]


def test_a_partner_sees_and_revokes_the_write_keys_of_its_own_sources_alone(gate: Events) -> None:
    organisations = make(gate).json()
    one, other = partner(gate), partner(gate)
    mine = gate.post("/v1/sources", json={"name": "mine"}, headers=one["headers"]).json()
    assert mine["owner"] == one["id"]
    for source in (organisations, mine):
        path = f"/v1/sources/{source['id']}"
        (key,) = gate.get(path)["write_keys"]
        hidden = (
            gate.http.get(path, headers=other["headers"]),
            gate.post(f"{path}/write-keys", headers=other["headers"]),
            gate.http.delete(f"{path}/write-keys/{key['id']}", headers=other["headers"]),
        )
        assert [(each.status_code, each.json()["code"]) for each in hidden] == [(404, "source_not_found")] * 3
        assert send(gate, source["write_key"]) == 200
    assert listed(gate, one["headers"]) == [mine["id"]]
    assert listed(gate, other["headers"]) == []
    assert listed(gate, gate.read) == [mine["id"], organisations["id"]]
    successor = partner(gate, owner=one["id"])
    assert listed(gate, successor["headers"]) == [mine["id"]]
    path = f"/v1/sources/{mine['id']}"
    for headers in (successor["headers"], gate.read):
        added = gate.post(f"{path}/write-keys", headers=headers).json()
        assert gate.http.delete(f"{path}/write-keys/{added['id']}", headers=headers).status_code == 204


def test_a_key_is_changed_without_losing_a_call(gate: Events) -> None:
    source = make(gate).json()
    keys = f"/v1/sources/{source['id']}/write-keys"
    second = gate.http.post(keys, headers=gate.read)
    assert second.status_code == 201
    assert send(gate, source["write_key"]) == send(gate, second.json()["write_key"]) == 200
    assert gate.http.post(keys, headers=gate.read).json()["code"] == "too_many_write_keys"
    shown = gate.http.get(f"/v1/sources/{source['id']}", headers=gate.read).json()
    assert [key["hint"] for key in shown["write_keys"]] == [source["write_key"][:8], second.json()["write_key"][:8]]
    first = shown["write_keys"][0]["id"]
    assert gate.http.delete(f"{keys}/{first}", headers=gate.read).status_code == 204
    assert gate.http.delete(f"{keys}/{first}", headers=gate.read).status_code == 404
    began = time.monotonic()
    assert wait_until(lambda: send(gate, source["write_key"]), lambda status: status == 401, 8) == 401
    assert time.monotonic() - began < 6
    assert send(gate, second.json()["write_key"]) == 200


def test_write_keys_are_kept_as_digests_only(gate: Events) -> None:
    source = make(gate).json()
    for path in ("/v1/sources", f"/v1/sources/{source['id']}"):
        assert source["write_key"] not in gate.http.get(path, headers=gate.read).text


def test_sources_come_in_pages(gate: Events) -> None:
    made = [make(gate, name=f"s{n}").json()["id"] for n in range(5)]
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = gate.http.get("/v1/sources", params=query, headers=gate.read).json()
        found += [source["id"] for source in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sorted(made, reverse=True)


def test_the_same_request_twice_makes_one_source(gate: Events) -> None:
    headers = gate.read | {"Idempotency-Key": "k1"}
    first, again = (gate.http.post("/v1/sources", json={"name": "till"}, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert gate.http.post("/v1/sources", json={"name": "other"}, headers=headers).status_code == 422


def test_what_is_no_source_is_refused(gate: Events) -> None:
    for body in ({"name": ""}, {"default_currency": "XXX"}, {"colour": "red"}, {"name": 7}):
        assert make(gate, **body).status_code == 422
    assert gate.http.get("/v1/sources/00", headers=gate.read).status_code == 404
    assert gate.http.post("/v1/sources/00/write-keys", headers=gate.read).status_code == 404


def test_a_default_currency_is_meant_where_an_order_names_none(events: Events) -> None:
    source = make(events, default_currency="TWD").json()
    for key, message_id in ((source["write_key"], "own"), ("wk_test", "none")):
        call = {"event": "Order Completed", "properties": {"order_id": "1", "revenue": 1200}, "messageId": message_id}
        assert events.http.post("/v1/track", json=call | PAGE, auth=(key, "")).status_code == 200
    events.wait_for(2)
    (own,), (none,) = events.by_message("own"), events.by_message("none")
    assert (own["order"]["currency"], own["order"]["amount_minor"]) == ("TWD", 120000)
    assert "order" not in none
    assert none["flaws"] == ["order-without-currency"]
