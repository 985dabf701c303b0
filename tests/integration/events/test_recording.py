"""From the acknowledged call to the touchpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.settings import EventsSettings
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.inbox.deliveries import deliveries_of
from shared.sql.database import Database
from shared.sql.migrations import check
from tests.integration.events.suite import API_KEY, WRITE_KEY, Events, events_service, running_worker, wait_until


def published(settings: EventsSettings, count: int) -> list[TouchpointRecordedV1]:
    """What other services read, once there are `count` touchpoints."""
    wiring = Wiring(settings)
    consumer = wiring.bus.consumer("test", [TOUCHPOINTS.name], start_at=lambda _: {})
    found: list[Any] = []

    def read() -> int:
        good, bad = deliveries_of(consumer.poll(timeout_s=0.05))
        assert not bad
        found.extend(delivery.fact for delivery in good)
        return len(found)

    wait_until(read, lambda seen: seen >= count)
    consumer.close()
    wiring.close()
    return found


def test_schema_and_history_agree(settings: EventsSettings) -> None:
    database = Database(settings.events_database_url)
    check(database, MIGRATIONS)
    database.dispose()


def test_each_message_is_one_touchpoint_however_often_it_comes(events: Events, settings: EventsSettings) -> None:
    batch = [{"type": "track", "event": "Viewed", "userId": f"u{n % 9}", "messageId": f"m{n}"} for n in range(60)]
    for _ in range(5):
        assert events.send("/v1/batch", {"batch": [*batch, batch[0]]}).status_code == 200
    events.wait_for(60)
    summary = wait_until(events.summary, lambda seen: seen["duplicates"] >= 245)
    assert (summary["touchpoints"], summary["duplicates"]) == (60, 245)
    assert summary["sources"][0]["duplicates"] == 245
    told = published(settings, 60)
    assert sorted(fact.message_id for fact in told) == sorted(call["messageId"] for call in batch)


def test_one_message_id_of_two_sources_is_two_touchpoints(events: Events) -> None:
    made = events.http.post("/v1/sources", json={"name": "till"}, headers=events.read).json()
    call = {"userId": "u", "messageId": "same"}
    events.send("/v1/page", call)
    assert events.http.post("/v1/page", json=call, auth=(made["write_key"], "")).status_code == 200
    events.wait_for(2)
    assert {one["source_id"] for one in events.by_message("same")} == {
        made["id"],
        "00000000-0000-7000-8000-000000000001",
    }


def test_what_a_request_shares_is_merged_into_each_call(events: Events) -> None:
    sent = datetime.now(UTC) - timedelta(hours=3)
    body = {
        "batch": [
            {"type": "page", "userId": "u", "messageId": "own", "context": {"ip": "2.2.2.2"}, "sentAt": None},
            {
                "type": "page",
                "userId": "u",
                "messageId": "skewed",
                "timestamp": (sent - timedelta(minutes=10)).isoformat(),
            },
        ],
        "context": {"ip": "1.1.1.1", "channel": "Store"},
        "sentAt": sent.isoformat().replace("+00:00", "Z"),
    }
    events.send("/v1/batch", body)
    events.wait_for(2)
    (own,), (skewed,) = events.by_message("own"), events.by_message("skewed")
    assert (own["context"], own["channel"]) == ({"ip": "2.2.2.2", "channel": "Store"}, "store")
    assert skewed["context"]["ip"] == "1.1.1.1"
    happened, received = (datetime.fromisoformat(skewed[name]) for name in ("occurred_at", "received_at"))
    assert received - happened == timedelta(minutes=10)


def test_traits_are_of_identify_and_group_only(events: Events) -> None:
    rudder = {"traits": {"email": "a@example.com", "city": "Taipei"}}
    calls = [
        {"type": "identify", "messageId": "i", "context": rudder, "traits": {"city": "Tainan"}},
        {"type": "track", "messageId": "t", "event": "Viewed", "context": rudder, "traits": {"city": "Tainan"}},
        {"type": "group", "messageId": "g", "groupId": "acme", "context": rudder, "traits": {"name": "Acme"}},
    ]
    events.send("/v1/batch", {"batch": [call | {"userId": "u"} for call in calls]})
    events.wait_for(3)
    traits = {name: events.by_message(name)[0].get("traits", {}) for name in "itg"}
    assert traits == {"i": {"email": "a@example.com", "city": "Tainan"}, "t": {}, "g": {"name": "Acme"}}


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5_000])
def test_a_number_too_large_costs_neither_the_call_nor_its_batch(events: Events, number: str) -> None:
    call = f'{{"type":"page","userId":"u","messageId":"huge","properties":{{"x":{number},"y":[1.5]}}}}'
    body = f'{{"batch":[{call},{{"type":"page","userId":"u","messageId":"other"}}]}}'
    assert events.http.post("/v1/batch", content=body, auth=(WRITE_KEY, "")).status_code == 200
    events.wait_for(2)
    (huge,) = events.by_message("huge")
    assert huge["properties"] == {"x": number, "y": [1.5]}
    assert huge["flaws"] == ["number-out-of-range"]
    assert events.summary()["dead_letters"] == 0


def test_orders_are_counted_once_whatever_the_order_of_arrival(events: Events) -> None:
    def order(event: str, order_id: str, message_id: str, **properties: Any) -> dict[str, Any]:
        return {
            "type": "track",
            "event": event,
            "userId": "u",
            "messageId": message_id,
            "properties": {"order_id": order_id, "currency": "GBP", **properties},
        }

    lines = [{"product_id": "p", "price": 2.55, "quantity": 6}, {"product_id": "q", "price": "3.39"}]
    events.send(
        "/v1/batch",
        {
            "batch": [
                order("Order Refunded", "1", "a"),
                order("Order Completed", "1", "b", revenue=18.69, products=lines),
                order("Order Completed", "1", "c", revenue=18.69, products=lines),
                order("Order Completed", "2", "d", products=lines),
            ]
        },
    )
    summary = events.wait_for(4)
    assert summary["orders"] == {"completed": 2, "refunded": 1}
    assert summary["order_lines"] == 6
    (told,) = events.by_message("d")
    assert (told["order"]["amount_minor"], told["order"]["currency"]) == (1869, "GBP")


def test_what_cannot_be_read_becomes_a_dead_letter_and_can_be_replayed(
    events: Events, settings: EventsSettings
) -> None:
    good, bad = b'{"type":"page","userId":"u","messageId":"good"}', b'{"type":"page","userId":"u"}'
    received = IngestReceivedV1(
        source_id="00000000-0000-7000-8000-000000000001",
        received_at=datetime.now(UTC),
        events=(msgspec.Raw(good), msgspec.Raw(bad)),
    )
    wiring = Wiring(settings)
    with wiring.database.transaction() as session:
        wiring.recording.record(session, [received])
    assert events.wait_for(1)["touchpoints"] == 1
    letters = events.http.get("/v1/dead-letters", headers=events.read).json()["data"]
    assert [(letter["consumer"], "messageId" in letter["reason"]) for letter in letters] == [("events.ingest", True)]
    assert events.summary()["dead_letters"] == 1
    asked = events.http.post("/v1/dead-letters/replay", headers=events.read)
    assert asked.json() == {"requested": 1}
    wiring.close()
    wiring.database.dispose()


def test_a_worker_that_starts_again_neither_loses_nor_repeats(settings: EventsSettings) -> None:
    with events_service(settings, worker=False) as events:
        for n in range(30):
            events.send("/v1/page", {"userId": f"u{n % 3}", "messageId": f"m{n}"})
            if n % 10 == 9:
                with running_worker(settings):
                    events.wait_for(n + 1)
        with running_worker(settings):
            assert events.wait_for(30)["touchpoints"] == 30
        assert events.summary()["duplicates"] == 0
    assert len(published(settings, 30)) == 30


@pytest.mark.parametrize("scope", ["read", "write"])
def test_reading_needs_a_key_with_the_scope(gate: Events, scope: str) -> None:
    for path in ("/v1/summary", "/v1/sources", "/v1/touchpoints?message_id=m", "/v1/profiles/0/timeline"):
        assert gate.http.get(path).status_code == 401
    made = gate.http.post("/v1/api-keys", json={"name": "x", "scopes": [f"plans:{scope}"]}, headers=gate.read).json()
    assert gate.http.get("/v1/summary", headers={"Authorization": f"Bearer {made['key']}"}).status_code == 403
    assert API_KEY not in gate.http.get("/v1/api-keys", headers=gate.read).text
