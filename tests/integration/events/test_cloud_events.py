"""CloudEvents from the door to the timeline, sent by hand and by the specification's own SDK."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.integration.events.suite import API_KEY, WRITE_KEY, Events

SALE = datetime(2026, 4, 5, 17, 31, tzinfo=UTC)
ORDER = {"order_id": "581587", "revenue": 42.5, "currency": "EUR"}


def event(number: int, **attributes: Any) -> CloudEvent:
    stated = {
        "id": f"A{number}", "source": "/till/7", "type": "com.example.order.completed", "subject": "王 17850",
        "time": SALE, "datacontenttype": "application/json",
    }  # fmt: skip
    return CloudEvent(attributes=stated | attributes, data=ORDER)


def post(service: Events, message: HTTPMessage, **options: Any) -> httpx.Response:
    options.setdefault("auth", (WRITE_KEY, ""))
    return service.http.post("/v1/cloudevents", content=message.body, headers=dict(message.headers), **options)


def test_events_of_the_sdk_become_orders_once(events: Events) -> None:
    for message in (to_binary_event(event(1)), to_structured_event(event(2)), to_structured_event(event(1))):
        answer = post(events, message)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    together = "[" + ",".join(to_structured_event(event(n)).body.decode() for n in (1, 2, 3)) + "]"
    batch = HTTPMessage({"content-type": "application/cloudevents-batch+json"}, together.encode())
    assert post(events, batch).status_code == 200
    summary = events.wait_for(3)
    assert summary["orders"] == {"completed": 1}
    (told,) = events.by_message("/till/7 A1")
    assert (told["name"], told["subject"]) == ("Order Completed", "user_id:王 17850")
    assert (told["order"]["amount_minor"], datetime.fromisoformat(told["occurred_at"])) == (4250, SALE)
    assert told["context"]["cloudEvent"]["type"] == "com.example.order.completed"


def test_a_sender_that_asks_first_may_send(gate: Events) -> None:
    asked = {"WebHook-Request-Origin": "grid.example", "WebHook-Request-Rate": "120"}
    answer = gate.http.options("/v1/cloudevents", headers=asked)
    assert answer.is_success
    assert (answer.headers["webhook-allowed-origin"], answer.headers["webhook-allowed-rate"]) == ("*", "*")
    assert "POST" in answer.headers["allow"]


def test_gzip_that_is_the_data_stays_packed(events: Events) -> None:
    packed = gzip.compress(b"a picture", mtime=0)
    message = to_binary_event(event(1, datacontenttype="application/gzip"))
    assert post(events, HTTPMessage(message.headers, packed)).status_code == 200
    coded = {**message.headers, "ce-id": "A2", "content-encoding": "gzip", "content-type": "application/octet-stream"}
    assert post(events, HTTPMessage(coded, packed)).status_code == 200
    events.wait_for(2)
    kept = [events.by_message(f"/till/7 A{number}")[0]["properties"]["data_base64"] for number in (1, 2)]
    assert [base64.b64decode(each) for each in kept] == [packed, b"a picture"]


def test_an_api_key_with_the_scope_may_send_and_is_a_source(gate: Events) -> None:
    made = [
        gate.http.post("/v1/api-keys", json={"name": "till", "scopes": [scope]}, headers=gate.read).json()
        for scope in ("events:write", "touchpoints:read")
    ]
    message = to_structured_event(event(1))
    unknown = HTTPMessage({**message.headers, "authorization": "Bearer rk_nobody"}, message.body)
    statuses = [
        post(gate, message, auth=None).status_code,
        post(gate, unknown, auth=None).status_code,
        *(post(gate, message, auth=(key["key"], "")).status_code for key in made),
    ]  # fmt: skip
    assert statuses == [401, 401, 200, 403]
    bearer = {**message.headers, "authorization": f"Bearer {API_KEY}"}
    assert post(gate, HTTPMessage(bearer, message.body), auth=None).status_code == 200
    sources = gate.http.get("/v1/sources", headers=gate.read).json()["data"]
    assert {source["id"] for source in sources} == {made[0]["id"], "development"}


def test_a_key_that_takes_anothers_place_is_the_same_source(gate: Events) -> None:
    first, second = (
        gate.post("/v1/api-keys", json={"name": "till", "scopes": ["events:write", "sources:read"], **more}).json()
        for more in ({}, {"owner": None})
    )
    successor = gate.post(
        "/v1/api-keys", json={"name": "till", "scopes": ["events:write", "sources:read"], "owner": first["id"]}
    ).json()
    for key in (first, second, successor):
        assert post(gate, to_structured_event(event(1)), auth=(key["key"], "")).status_code == 200
    seen = gate.get("/v1/sources", headers={"Authorization": f"Bearer {successor['key']}"})["data"]
    assert [(source["id"], source["owner"]) for source in seen] == [(first["id"], first["id"])]


@pytest.mark.parametrize(
    ("headers", "body", "status", "where"),
    [
        ({"content-type": "application/cloudevents+json"}, b'{"specversion":"1.0"}', 400, "/id"),
        ({"content-type": "application/cloudevents-batch+json"}, b'[{"specversion":"0.3"}]', 400, "/0/specversion"),
        ({"content-type": "application/json"}, b"{}", 400, "/specversion"),
        ({"content-type": "application/cloudevents-batch+json"}, b"{}", 400, None),
        ({"content-type": "application/cloudevents+json"}, b"\xff", 400, None),
        ({"content-type": "application/cloudevents+xml"}, b"<a/>", 415, None),
        ({"content-type": "application/cloudevents+json"}, b" " * 600_000, 413, None),
    ],
)
def test_refusals_are_problems_that_say_where(
    gate: Events, headers: dict[str, str], body: bytes, status: int, where: str | None
) -> None:
    answer = post(gate, HTTPMessage(headers, body))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [flaw["where"] for flaw in answer.json().get("errors", [])] == ([where] if where else [])


def test_the_document_shows_an_event_that_is_taken(gate: Events) -> None:
    operation = gate.http.get("/openapi.json").json()["paths"]["/v1/cloudevents"]["post"]
    for content_type, content in operation["requestBody"]["content"].items():
        answer = gate.http.post(
            "/v1/cloudevents", json=content["example"], headers={"content-type": content_type}, auth=(WRITE_KEY, "")
        )
        assert answer.status_code == 200, answer.text
