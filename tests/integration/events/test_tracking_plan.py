"""Tracking plans over the whole service: what is sent, what is recorded, what is held, mended and replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.events.settings import EventsSettings
from services.events.use_cases.tracking_plan.notices import VIOLATED
from services.profile.use_cases.read_sighting import read_sighting
from shared.clock import utc_now
from tests.integration.events.suite import WRITE_KEY, Events, events_service, running_worker, wait_until
from tests.integration.events.test_recording import published

ORDER = {
    "properties": {
        "properties": {
            "required": ["order_id"],
            "properties": {"order_id": {"type": "string"}, "total": {"type": "number", "minimum": 0}},
        }
    }
}
SENT = "2026-01-02T03:04:05Z"


def ask(events: Events, method: str, path: str, status: int = 200, **options: Any) -> Any:
    headers = events.read | options.pop("headers", {})
    answer = events.http.request(method, f"/v1/{path}", headers=headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def make_plan(events: Events, **body: Any) -> str:
    return str(ask(events, "POST", "tracking-plan/plans", 201, json={"name": "shop", **body})["id"])


def publish(events: Events, plan_id: str, **body: Any) -> str:
    stated = {"kind": "track", "event": "Order Completed", "schema": ORDER, **body}
    if stated["event"] is None:
        del stated["event"]
    rule_id = ask(events, "POST", f"tracking-plan/plans/{plan_id}/rules", 201, json=stated)["id"]
    ask(events, "POST", f"tracking-plan/rules/{rule_id}/publish")
    return str(rule_id)


def order(message_id: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "u",
        "messageId": message_id,
        "timestamp": SENT,
        "properties": properties,
    }


def send(events: Events, *calls: dict[str, Any], **shared: Any) -> None:
    assert events.send("/v1/batch", {"batch": list(calls), **shared}).status_code == 200


def held(events: Events, count: int, **query: Any) -> list[dict[str, Any]]:
    def look() -> list[dict[str, Any]]:
        return list(ask(events, "GET", "quarantine", params=query)["data"])

    return list(wait_until(look, lambda found: len(found) == count))


def recorded(events: Events, message_id: str) -> dict[str, Any]:
    found = wait_until(lambda: events.by_message(message_id), bool)
    assert len(found) == 1, found
    return dict(found[0])


def violations(events: Events, count: int) -> dict[tuple[str, str], dict[str, Any]]:
    def look() -> list[dict[str, Any]]:
        return list(ask(events, "GET", "tracking-plan/violations")["data"])

    found = wait_until(look, lambda seen: sum(each["calls"] for each in seen) >= count)
    return {(each["pointer"], each["keyword"]): each for each in found}


def test_flagged_calls_are_kept_with_flaws_and_counted_by_rule(events: Events) -> None:
    make_plan(events, unplanned="flag")
    plan_id = make_plan(events, mode="flag")
    publish(events, plan_id)
    send(
        events,
        order("good", order_id="1"),
        order("bad", total="x"),
        order("worse", total=-1),
        {**order("odd"), "event": "?"},
    )
    assert "tracking-plan:required:/properties/order_id" in recorded(events, "bad")["flaws"]
    assert recorded(events, "odd")["flaws"] == ["tracking-plan:unplanned:/event"]
    found = violations(events, 8)
    assert found["/properties/order_id", "required"]["calls"] == 2
    assert found["/properties/total", "type"]["sample"]["message_id"] == "bad"
    assert found["/properties/total", "minimum"]["mode"] == "flag"
    assert held(events, 0) == []
    narrowed = ask(events, "GET", "tracking-plan/violations", params={"plan_id": plan_id, "event": "Order Completed"})
    assert len(narrowed["data"]) == 3


def test_a_violation_is_its_own_touchpoint_and_nobodys_activity(events: Events, settings: EventsSettings) -> None:
    publish(events, make_plan(events, mode="block"))
    send(events, order("bad"))
    (entry,) = held(events, 1)
    (notice,) = [fact for fact in published(settings, 1) if fact.name == VIOLATED]
    assert (notice.subject, notice.is_bot, notice.user_id, notice.order) == ("user_id:u", True, None, None)
    assert (notice.properties["message_id"], notice.properties["outcome"]) == ("bad", "block")
    assert notice.properties["violations"][0]["rule_id"] == entry["violations"][0]["rule_id"]
    assert read_sighting(notice, read_phone=lambda text, region: None, now=utc_now()) is None
    assert events.by_message("bad") == []
    assert recorded(events, notice.message_id)["name"] == VIOLATED


def test_a_call_in_quarantine_is_kept_without_the_key_it_came_with(events: Events) -> None:
    publish(events, make_plan(events, mode="block"))
    call = order("bad") | {"writeKey": WRITE_KEY, "sentAt": SENT}
    assert events.http.post("/v1/track", json=call).status_code == 200
    (entry,) = held(events, 1)
    assert entry["call"] == order("bad") | {"sentAt": SENT}


@pytest.mark.parametrize("number", ["1e999", "9" * 5_000])
def test_a_field_that_nobody_reads_spoils_no_check(events: Events, number: str) -> None:
    publish(events, make_plan(events, mode="block"))
    for message, properties in (("good", {"order_id": "1"}), ("bad", {})):
        text = json.dumps(order(message, **properties))[:-1] + f', "unread": {number}}}'
        assert events.http.post("/v1/track", content=text, auth=(WRITE_KEY, "")).status_code == 200
    (entry,) = held(events, 1)
    assert entry["call"] == order("bad") | {"unread": number}
    assert recorded(events, "good")["properties"] == {"order_id": "1"}
    assert events.summary()["dead_letters"] == 0


def test_a_blocked_call_is_corrected_and_replayed_once(events: Events) -> None:
    publish(events, make_plan(events, mode="block"))
    for _ in range(3):
        send(events, order("m", orderId="7", total=5, currency="TWD"), context={"ip": "1.1.1.1"})
    (entry,) = held(events, 1)
    wait_until(events.summary, lambda seen: seen["duplicates"] == 2)
    assert entry["call"]["context"] == {"ip": "1.1.1.1"}
    assert held(
        events, 1, rule_id=entry["violations"][0]["rule_id"], event="Order Completed", source_id=entry["source_id"]
    )
    assert held(events, 0, rule_id="0" * 32) == []
    path = f"quarantine/{entry['id']}"

    ask(events, "POST", f"{path}/replay", 202)
    assert wait_until(lambda: ask(events, "GET", path)["state"], lambda state: state == "held") == "held"
    assert violations(events, 2)["/properties/order_id", "required"]["calls"] == 2

    other = {**entry["call"], "messageId": "another"}
    assert ask(events, "PUT", path, 422, json={"call": other})["code"] == "correction_refused"
    mended = {**entry["call"], "properties": {"order_id": "7", "total": 5, "currency": "TWD"}}
    answer = ask(events, "PUT", path, json={"call": mended})
    assert (answer["violations"], answer["original"]) == ([], entry["call"])
    for _ in range(3):
        ask(events, "POST", f"{path}/replay", 202)
    touchpoint = recorded(events, "m")
    assert (touchpoint["occurred_at"], touchpoint["order"]["order_id"]) == (SENT, "7")
    assert touchpoint["received_at"] == entry["received_at"]
    assert touchpoint["context"] == {"ip": "1.1.1.1"}
    arrived = ask(events, "GET", path)
    assert (arrived["state"], arrived["touchpoint_id"]) == ("replayed", touchpoint["touchpoint_id"])
    send(events, order("m", orderId="7"))
    assert wait_until(events.summary, lambda seen: seen["duplicates"] == 3)["duplicates"] == 3
    assert len(events.by_message("m")) == 1
    assert ask(events, "PUT", path, 409, json={"call": mended})["code"] == "entry_not_held"
    ask(events, "DELETE", path, 204)
    ask(events, "GET", path, 404)


def test_many_are_mended_by_the_same_steps_and_replayed_at_once(events: Events) -> None:
    publish(events, make_plan(events, mode="block"))
    send(events, *(order(f"m{n}", orderId=n, total="9.5" if n else "nothing") for n in range(30)))
    held(events, 30, limit=100)
    body = {
        "chosen": {"event": "Order Completed"},
        "steps": [
            {"op": "rename", "path": "/properties/orderId", "to": "/properties/order_id"},
            {"op": "cast", "path": "/properties/order_id", "to": "string"},
            {"op": "cast", "path": "/properties/total", "to": "number"},
            {"op": "set", "path": "/properties/currency", "value": "TWD"},
        ],
    }
    for dry in (True, False):
        outcome = ask(events, "POST", "quarantine/bulk/corrections", json={**body, "dry_run": dry})
        numbers = {name: outcome[name] for name in ("matched", "changed", "valid", "refused", "next_cursor")}
        assert numbers == {"matched": 30, "changed": 29, "valid": 29, "refused": 1, "next_cursor": None}
        assert outcome["samples"][0]["problem"]
        assert len(held(events, 30, limit=100)[0]["violations"]) == (2 if dry else 0)
    first = ask(events, "POST", "quarantine/bulk/replays", 202, json={}, headers={"Idempotency-Key": "once"})
    assert (first["replaying"], first["still_held"]) == (29, 1)
    assert ask(events, "POST", "quarantine/bulk/replays", 202, json={}, headers={"Idempotency-Key": "once"}) == first
    assert ask(events, "POST", "quarantine/bulk/replays", 202, json={})["replaying"] == 0
    assert len(held(events, 29, state="replayed", limit=100)) == 29
    summary = events.summary()
    assert summary["orders"] == {"completed": 29}
    assert [entry["message_id"] for entry in held(events, 1)] == ["m0"]


def test_a_name_that_ends_in_a_space_is_mended_as_it_was_sent(events: Events) -> None:
    publish(events, make_plan(events, mode="block"))
    send(events, order("m", **{"order_id ": "7"}))
    held(events, 1)
    steps = [{"op": "rename", "path": "/properties/order_id ", "to": "/properties/order_id"}]
    assert ask(events, "POST", "quarantine/bulk/corrections", json={"steps": steps})["valid"] == 1
    (entry,) = held(events, 1)
    assert entry["call"]["properties"] == {"order_id": "7"}


def test_a_corrected_call_is_found_under_the_name_that_it_has_now(events: Events) -> None:
    publish(events, make_plan(events, mode="block"))
    send(events, order("m", customer="mei"))
    held(events, 1)
    steps = [
        {"op": "rename", "path": "/properties/customer", "to": "/userId"},
        {"op": "set", "path": "/event", "value": "Order Placed"},
    ]
    ask(events, "POST", "quarantine/bulk/corrections", json={"chosen": {"event": "Order Completed"}, "steps": steps})
    assert held(events, 0, event="Order Completed") == []
    (entry,) = held(events, 1, event="Order Placed")
    assert (entry["event"], entry["subject"]) == ("Order Placed", "user_id:mei")
    sent = ask(events, "POST", "quarantine/bulk/replays", 202, json={"chosen": {"event": "Order Placed"}})
    assert sent["replaying"] == 1
    touchpoint = recorded(events, "m")
    assert (touchpoint["name"], touchpoint["subject"]) == ("Order Placed", "user_id:mei")


def test_a_laxer_plan_lets_the_senders_own_repetition_through_once(events: Events) -> None:
    plan_id = make_plan(events, mode="block")
    rule_id = publish(events, plan_id)
    send(events, order("m"))
    (entry,) = held(events, 1)
    ask(events, "DELETE", f"tracking-plan/rules/{rule_id}", 204)
    send(events, order("m"))
    touchpoint = recorded(events, "m")
    replayed = ask(events, "POST", f"quarantine/{entry['id']}/replay", 202)
    assert (replayed["state"], replayed["touchpoint_id"]) == ("replayed", touchpoint["touchpoint_id"])
    ask(events, "DELETE", f"tracking-plan/plans/{plan_id}", 204)
    ask(events, "GET", f"tracking-plan/plans/{plan_id}", 404)


def test_a_replay_survives_a_worker_that_is_away(settings: EventsSettings) -> None:
    with events_service(settings, worker=False) as events:
        publish(events, make_plan(events, mode="block"))
        send(events, order("m"))
        with running_worker(settings):
            (entry,) = held(events, 1)
        mended = {**entry["call"], "properties": {"order_id": "1", "currency": "TWD"}}
        ask(events, "PUT", f"quarantine/{entry['id']}", json={"call": mended})
        assert ask(events, "POST", f"quarantine/{entry['id']}/replay", 202)["state"] == "replaying"
        assert ask(events, "DELETE", f"quarantine/{entry['id']}", 409)["code"] == "entry_not_held"
        for _ in range(2):
            with running_worker(settings):
                recorded(events, "m")
        assert events.summary()["orders"] == {"completed": 1}


def test_versions_are_drafted_tried_and_published(gate: Events) -> None:
    plan_id = make_plan(gate)
    rules = f"tracking-plan/plans/{plan_id}/rules"
    body = {"kind": "track", "event": "Order Completed", "schema": ORDER}
    first = ask(gate, "POST", rules, 201, json=body, headers={"Idempotency-Key": "k"})
    assert ask(gate, "POST", rules, 201, json=body, headers={"Idempotency-Key": "k"}) == first
    second = ask(gate, "POST", rules, 201, json=body)
    assert (first["version"], second["version"], first["published_at"]) == (1, 2, None)
    rule = f"tracking-plan/rules/{first['id']}"
    tried = ask(gate, "POST", f"{rule}/validate", json={"call": order("m")})
    assert (tried["valid"], tried["violations"][0]["pointer"]) == (False, "/properties/order_id")
    assert ask(gate, "PUT", rule, json={"schema": {}, "description": "any"})["schema"] == {}
    assert ask(gate, "POST", f"{rule}/validate", json={"call": order("m")})["valid"]
    assert ask(gate, "POST", f"{rule}/publish") == ask(gate, "POST", f"{rule}/publish")
    assert ask(gate, "PUT", rule, 409, json={"schema": {}})["code"] == "rule_published"
    assert [each["version"] for each in ask(gate, "GET", rules)["data"]] == [2, 1]
    empty = {"properties": {"total": {"minimum": 5, "maximum": 3}}}
    for path, asked in ((rules, {**body, "schema": empty}), ("tracking-plan/validate", {"schema": empty, "call": {}})):
        refused = ask(gate, "POST", path, 422, json=asked)
        assert [each["where"] for each in refused["errors"]] == ["/schema/properties/total/maximum"]
    for hostile in ({"$ref": "http://127.0.0.1/x"}, {"type": "none"}, {"pattern": r"(a)\1"}):
        assert ask(gate, "POST", rules, 422, json={**body, "schema": hostile})["code"] == "schema_refused"
        trial = {"schema": hostile, "call": {}}
        assert ask(gate, "POST", "tracking-plan/validate", 422, json=trial)["code"] == "schema_refused"
    assert ask(
        gate, "POST", "tracking-plan/validate", json={"schema": {" a": {}, "required": [" a"]}, "call": {" a": 1}}
    )["valid"]


def test_a_change_that_would_overwrite_anothers_is_refused(gate: Events) -> None:
    plan_id = make_plan(gate)
    body = {"name": "shop", "mode": "block"}
    path = f"tracking-plan/plans/{plan_id}"
    assert ask(gate, "PUT", path, json=body, headers={"If-Match": '"1"'})["version"] == 2
    assert ask(gate, "PUT", path, 412, json=body, headers={"If-Match": '"1"'})["code"] == "version_conflict"
    assert [each["mode"] for each in ask(gate, "GET", "tracking-plan/plans")["data"]] == ["block"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "tracking-plan/plans"),
        ("GET", "tracking-plan/violations"),
        ("GET", "quarantine"),
        ("POST", "quarantine/bulk/replays"),
    ],
)
def test_each_needs_its_own_scope(gate: Events, method: str, path: str) -> None:
    made = ask(gate, "POST", "api-keys", 201, json={"name": "x", "scopes": ["sources:read"]})
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (
        gate.http.request(method, f"/v1/{path}", headers=headers, json={} if method == "POST" else None).status_code
        == 403
    )
