"""Webhooks of partners: from the signed request to touchpoints, on each database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from codecs import BOM_UTF8
from typing import Any

import httpx
import pytest

from services.events.api.schemas.mapping import EXAMPLE
from tests.integration.events.suite import Events, wait_until

SECRET = "shop-secret-0123456789"
HMAC = {"kind": "hmac", "header": "X-Shop-Hmac", "prefix": "sha256=", "secret": SECRET}
ORDER = {
    "event_id": "e1", "customer": {"id": 7, "email": "Chen@example.com"}, "number": 55, "currency": "JPY",
    "total_cents": 1999, "paid_at": 1_700_000_000, "lines": [{"sku": "a", "count": 2, "cents": 500}],
}  # fmt: skip
PAID = {"topic": "orders/paid", "orders": [ORDER]}


def make(service: Events, headers: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    body = {"name": "shop", "verification": HMAC, "mapping": EXAMPLE} | changes
    answer = service.http.post("/v1/inbound-sources", json=body, headers=headers or service.read)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def send(service: Events, source: dict[str, Any], payload: Any, secret: str = SECRET) -> httpx.Response:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return service.http.post(source["path"], content=body, headers={"x-shop-hmac": f"sha256={mac}"})


def partner(service: Events, name: str) -> dict[str, str]:
    asked = {"name": name, "scopes": ["sources:read", "sources:write"]}
    made = service.http.post("/v1/api-keys", json=asked, headers=service.read).json()
    return {"Authorization": f"Bearer {made['key']}"}


def dead_letters(service: Events) -> list[dict[str, Any]]:
    return list(service.http.get("/v1/dead-letters", headers=service.read).json()["data"])


def test_a_partners_order_is_one_touchpoint_however_often_it_comes(events: Events) -> None:
    source = make(events)
    second = {"event_id": "e2", "customer": {"email": "b@example.com"}, "number": 56, "total_cents": 100}
    for payload in (PAID, PAID, {"topic": "ping"}, {**PAID, "orders": [ORDER, second]}, {**PAID, "orders": []}):
        answer = send(events, source, payload)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    summary = wait_until(events.summary, lambda seen: seen["touchpoints"] >= 2 and seen["duplicates"] >= 1)
    assert (summary["touchpoints"], summary["duplicates"], summary["orders"]) == (2, 1, {"completed": 2})
    (told,) = events.by_message("e1")
    assert (told["name"], told["subject"], told["channel"]) == ("Order Completed", "user_id:7", "store")
    assert (told["order"]["amount_minor"], told["order"]["currency"]) == (1999, "JPY")
    assert told["order"]["lines"] == [{"sku": "a", "quantity": "2", "unit_price": "500"}]
    assert told["occurred_at"].startswith("2023-11-14T22:13:20")
    assert told["context"]["externalIds"][0]["id"] == "chen@example.com"
    (other,) = events.by_message("e2")
    assert other["order"]["currency"] == "EUR"
    assert dead_letters(events) == []  # a ping is passed over, though it has no orders


def test_what_cannot_be_mapped_waits_until_the_mapping_is_corrected(events: Events) -> None:
    source = make(events, mapping={"event": "Visited", "user_id": "/member"})
    for payload in ({"card": "c1"}, {"card": "c1"}, b"not json", b'{"card":"\xff"}'):
        assert send(events, source, payload).status_code == 200
    letters = wait_until(lambda: dead_letters(events), lambda found: len(found) >= 3)
    assert len(letters) == 3  # the payload that came twice is kept once
    assert all(letter["event_type"] == "rapport.ingest.webhook-received.v1" for letter in letters)
    (unnamed,) = [letter for letter in letters if "user_id" in letter["reason"]]
    better = {"name": "shop", "mapping": {"event": "Visited", "user_id": "/card"}}
    path = f"/v1/inbound-sources/{source['id']}"
    assert events.http.put(path, json=better, headers=events.read).status_code == 200
    assert events.http.post("/v1/dead-letters/replay", headers=events.read).json() == {"requested": 3}
    assert events.wait_for(1)["touchpoints"] == 1
    states = wait_until(
        lambda: {one["id"]: (one["state"], one["attempts"]) for one in dead_letters(events)},
        lambda found: sorted(state for state, _ in found.values()) == ["dead", "dead", "replayed"],
    )
    assert states.pop(unnamed["id"])[0] == "replayed"
    assert set(states.values()) == {("dead", 2)}
    assert SECRET not in json.dumps(letters)


def test_a_byte_order_mark_is_signed_and_no_part_of_what_is_mapped(events: Events) -> None:
    source = make(events)
    assert send(events, source, BOM_UTF8 + json.dumps(PAID).encode()).status_code == 200
    (told,) = wait_until(lambda: events.by_message("e1"), bool)
    assert (told["name"], dead_letters(events)) == ("Order Completed", [])


def test_standard_webhooks_with_a_secret_that_was_made_here(gate: Events) -> None:
    source = make(gate, verification={"kind": "standard-webhooks"})
    key = base64.b64decode(source["secret"].removeprefix("whsec_"))
    body = json.dumps(PAID).encode()

    def signed(at: float) -> httpx.Response:
        stated = str(int(at))
        mac = hmac.new(key, f"msg_1.{stated}.".encode() + body, hashlib.sha256).digest()
        headers = {"webhook-id": "msg_1", "webhook-timestamp": stated}
        headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
        return gate.http.post(source["path"], content=body, headers=headers)

    assert signed(time.time()).status_code == 200
    late = signed(time.time() - 301)
    assert (late.status_code, late.json()["code"]) == (401, "unverified")


def test_a_header_that_lists_time_and_signature_as_stripes_does(gate: Events) -> None:
    listed = {"header": "Stripe-Signature", "field": "t"}
    verification = {"kind": "hmac", "header": "Stripe-Signature", "field": "v1", "timestamp": listed}
    source = make(gate, verification=verification | {"secret": "whsec_abc123ABC"})
    assert source["verification"]["field"] == "v1"
    assert source["verification"]["timestamp"] == listed | {"template": "{timestamp}.{body}", "tolerance_s": 300}
    body, now = json.dumps(PAID).encode(), int(time.time())
    for at, status in ((now, 200), (now - 301, 401)):
        mac = hmac.new(b"whsec_abc123ABC", b"%d.%b" % (at, body), hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={at},v1={mac},v0={mac[::-1]}"}
        assert gate.http.post(source["path"], content=body, headers=headers).status_code == status
    refused = gate.http.post(
        "/v1/inbound-sources", headers=gate.read,
        json={"name": "other", "verification": HMAC | {"field": "v 1"}, "mapping": EXAMPLE},
    )  # fmt: skip
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["detail"].startswith("must be 1 to 50 letters")


def test_refusals(gate: Events) -> None:
    source = make(gate)
    assert send(gate, source, PAID, "another").status_code == 401
    assert gate.http.post(source["path"], json=PAID).status_code == 401
    assert send(gate, {"path": "/v1/inbound/0"}, PAID).status_code == 404
    assert send(gate, source, b"x" * 600_000).status_code == 413
    assert gate.http.get(source["path"]).status_code == 405
    for answer in (send(gate, source, PAID, "another"), send(gate, {"path": "/v1/inbound/0"}, PAID)):
        assert answer.headers["content-type"] == "application/problem+json"


def test_secrets_are_changed_without_losing_a_webhook_and_never_shown(
    gate: Events, capfd: pytest.CaptureFixture[str]
) -> None:
    source = make(gate)
    secrets = f"/v1/inbound-sources/{source['id']}/secrets"
    assert source["secret"] is None
    added = gate.http.post(secrets, json={"secret": "the new secret"}, headers=gate.read)
    assert (added.status_code, added.json()["secret"]) == (201, None)
    assert [send(gate, source, PAID, one).status_code for one in (SECRET, "the new secret")] == [200, 200]
    assert gate.http.post(secrets, json={}, headers=gate.read).json()["code"] == "unusable_secret"
    shown = gate.http.get(f"/v1/inbound-sources/{source['id']}", headers=gate.read)
    first, second = (one["id"] for one in shown.json()["secrets"])
    assert gate.http.delete(f"{secrets}/{first}", headers=gate.read).status_code == 204
    assert gate.http.delete(f"{secrets}/{first}", headers=gate.read).status_code == 404
    assert gate.http.delete(f"{secrets}/{second}", headers=gate.read).status_code == 409
    assert [send(gate, source, PAID, one).status_code for one in (SECRET, "the new secret")] == [401, 200]
    made = gate.http.post(secrets, json={}, headers=gate.read).json()["secret"]
    assert send(gate, source, PAID, made).status_code == 200
    everything = shown.text + gate.http.get("/v1/inbound-sources", headers=gate.read).text + "".join(capfd.readouterr())
    assert not [one for one in (SECRET, "the new secret", made) if one in everything]


def test_a_partner_never_sees_anothers_source(gate: Events) -> None:
    ours, theirs = partner(gate, "ours"), partner(gate, "theirs")
    source = make(gate, ours)
    path = f"/v1/inbound-sources/{source['id']}"
    definition = {"name": "shop", "mapping": EXAMPLE}
    tries = [
        gate.http.get(path, headers=theirs),
        gate.http.put(path, json=definition, headers=theirs),
        gate.http.delete(path, headers=theirs),
        gate.http.post(f"{path}/secrets", json={}, headers=theirs),
        gate.http.delete(f"{path}/secrets/0", headers=theirs),
        gate.http.post(f"{path}/dry-run", json={"payload": PAID}, headers=theirs),
    ]
    assert {answer.status_code for answer in tries} == {404}
    assert gate.http.get("/v1/inbound-sources", headers=theirs).json()["data"] == []
    make(gate, theirs)  # a name is taken for its owner alone
    again = gate.http.post("/v1/inbound-sources", json=definition | {"verification": HMAC}, headers=ours)
    assert again.json()["code"] == "inbound_name_taken"
    assert len(gate.http.get("/v1/inbound-sources", headers=gate.read).json()["data"]) == 2
    assert gate.http.delete(path, headers=ours).status_code == 204
    assert send(gate, source, PAID).status_code == 404


def test_a_change_that_was_overtaken_is_refused(gate: Events) -> None:
    source = make(gate)
    path, definition = f"/v1/inbound-sources/{source['id']}", {"name": "shop-2", "mapping": EXAMPLE}
    seen = gate.http.get(path, headers=gate.read).headers["etag"]
    changed = gate.http.put(path, json=definition, headers=gate.read | {"If-Match": seen})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = gate.http.put(path, json=definition, headers=gate.read | {"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")


def test_a_dry_run_shows_the_calls_or_the_first_problems(gate: Events) -> None:
    source = make(gate)
    path = f"/v1/inbound-sources/{source['id']}/dry-run"

    def tried(**body: Any) -> dict[str, Any]:
        answer = gate.http.post(path, json=body, headers=gate.read)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    good = tried(payload=PAID)
    assert (good["problems"], good["calls"][0]["properties"]["revenue"]) == ([], "1999")
    bad = tried(payload={**PAID, "orders": [ORDER, {}]})
    assert [(flaw["target"], flaw["element"]) for flaw in bad["problems"]] == [("user_id", 1)]
    other = tried(payload={"m": "x" * 300}, mapping={"event": "Visited", "user_id": "/m"})
    assert other["problems"][0]["target"] == "call"
    assert gate.http.post("/v1/inbound-sources", json={"name": "x", "verification": HMAC, "mapping": {"event": "x"}},
                          headers=gate.read).status_code == 422  # fmt: skip


def test_a_customer_known_by_telephone_alone_comes_out_of_the_first_place_that_has_one(events: Events) -> None:
    mapping = {"event": "Called", "phone": {"from": ["/caller/mobile", "/caller/line"]}, "message_id": "/id"}
    source = make(events, mapping=mapping)
    payload = {"id": "c1", "caller": {"mobile": "", "line": "+886 2 2345 6789"}}
    dry = events.post(f"/v1/inbound-sources/{source['id']}/dry-run", json={"payload": payload}).json()
    assert send(events, source, payload).status_code == 200
    (told,) = wait_until(lambda: events.by_message("c1"), bool)
    assert told["subject"] == f"anonymous_id:{dry['calls'][0]['anonymousId']}"
    assert told["context"]["externalIds"] == [{"type": "phone", "id": "+886 2 2345 6789", "collection": "users"}]


@pytest.mark.parametrize(
    ("places", "where"),
    [([], "/from"), (["/a"], "/from"), (["/a", "b"], "/from/1"), (["/a"] * 11, "/from"), (5, "/from")],
)
def test_places_that_make_no_sense_are_refused_where_they_stand(gate: Events, places: Any, where: str) -> None:
    mapping = {"event": "Called", "user_id": "/who", "properties": {"x": {"from": places}}}
    answer = gate.post("/v1/inbound-sources", json={"name": "x", "verification": HMAC, "mapping": mapping})
    assert answer.status_code == 422
    assert [each["where"] for each in answer.json()["errors"]] == [f"/mapping/properties/x{where}"]


@pytest.mark.parametrize("texts", [[["a"], ["b"]], [["a", "b"], ["b", "c"], ["a", "c"]]])
def test_conditions_that_have_no_text_in_common_are_refused(gate: Events, texts: list[list[str]]) -> None:
    def answered(path: str, place: str, **more: Any) -> httpx.Response:
        when = [{"from": place, "in": some} for some in texts]
        mapping = {"event": "E", "user_id": "/who", "when": [{"from": "/other", "in": ["z"]}, *when]}
        return gate.post(path, json={"name": "x", "mapping": mapping, **more})

    for answer in (
        answered("/v1/inbound-sources", "/kind", verification=HMAC),
        answered("/v1/import-mappings", "/kind"),
    ):
        assert (answer.status_code, [each["where"] for each in answer.json()["errors"]]) == (422, ["/mapping/when"])
        assert f"condition {len(texts)} and those of" in answer.json()["detail"]
