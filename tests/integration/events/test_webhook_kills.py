"""Webhooks and the stream with real processes: kill -9 while delivering, endpoints that hang, streams that end."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.events.partner import Partner
from tests.support.suite import API_KEY, WRITE_KEY, Suite

READ = {"Authorization": f"Bearer {API_KEY}"}
SETTINGS = {"RAPPORT_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8", "RAPPORT_WEBHOOK_DEADLINE_S": "1"}
EVENTS = 50  # as many as an endpoint may name


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    directory: Path = tmp_path_factory.mktemp("hub")
    with Suite(directory, SETTINGS, services=("events",)) as suite:
        yield suite


def track(hub: Suite, *names: str, user: str = "u1") -> None:
    batch = [{"type": "track", "userId": user, "event": name} for name in names]
    answer = httpx.post(f"{hub.url('events')}/v1/batch", json={"batch": batch}, auth=(WRITE_KEY, ""))
    assert answer.status_code == 200, answer.text


def make(hub: Suite, url: str, **body: Any) -> str:
    answer = hub.client("events").post("/v1/webhook-endpoints", json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def names_in(arrived: list[Any]) -> list[str]:
    return [json.loads(each.body)["data"]["name"] for each in arrived]


class Reading:
    """A stream that is read in a thread, until it has seen `most` events."""

    def __init__(self, hub: Suite, most: int, *, after: str | None = None, key: str = API_KEY, **params: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": after} if after else {})
        self._url, self._params, self._most = f"{hub.url('events')}/v1/stream", params, most
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        assert self._open.wait(10)

    def result(self) -> list[dict[str, Any]]:
        self._thread.join(20)
        return self.events

    def names(self) -> list[str]:
        return [each["data"]["data"]["name"] for each in self.result()]

    def _read(self) -> None:
        with httpx.stream("GET", self._url, headers=self._headers, params=self._params, timeout=15) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream"), answer.read()
            event: dict[str, Any] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "retry":
                    self._open.set()
                elif name in ("id", "event", "data"):
                    event[name] = json.loads(value) if name == "data" else value
                elif not line and "data" in event:
                    self.events.append(event)
                    event = {}
                    if len(self.events) >= self._most:
                        return


def test_a_stream_goes_on_behind_the_last_event_even_within_a_batch_and_after_a_restart(hub: Suite) -> None:
    live = Reading(hub, 4, types="touchpoint.recorded", subject="user_id:streamed")
    track(hub, "a", "b", "c", "d", user="streamed")
    track(hub, "other", user="else")
    assert live.names() == ["a", "b", "c", "d"]
    track(hub, "e", user="streamed")
    behind = live.events[1]["id"]
    again = Reading(hub, 3, after=behind, subject="user_id:streamed")
    assert again.names() == ["c", "d", "e"]
    as_the_polyfill_asks = Reading(hub, 3, subject="user_id:streamed", lastEventId=behind)
    assert as_the_polyfill_asks.names() == ["c", "d", "e"]
    hub.restart("events-api")
    hub.wait_until_ready()
    restarted = Reading(hub, 4, after=behind, subject="user_id:streamed")
    track(hub, "f", user="streamed")
    assert restarted.names() == ["c", "d", "e", "f"]
    refused = httpx.get(f"{hub.url('events')}/v1/stream", headers=READ | {"Last-Event-ID": "nonsense"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_last_event_id")


def test_a_process_that_ends_says_so_to_its_streams_at_once(hub: Suite) -> None:
    open_stream = Reading(hub, 1, subject="user_id:nobody")
    began = time.monotonic()
    assert hub.terminate("events-api") == 0
    assert time.monotonic() - began < 10
    (farewell,) = open_stream.result()
    assert farewell["event"] == "dropped"
    hub.start("events-api")
    hub.wait_until_ready()


@pytest.mark.faults
def test_a_worker_killed_while_delivering_loses_nothing(hub: Suite) -> None:
    with Partner(pause_s=0.03) as partner:
        expected = [f"n{number}" for number in range(EVENTS)]
        # By name: after another test's kill its last events may wait until the dead worker's partitions are taken over.
        endpoint = make(hub, partner.url("/slow"), event_types=[f"touchpoint.recorded:{name}" for name in expected])
        track(hub, *expected, user="killed")
        for threshold in (10, 30):
            hub.wait_for(lambda most=threshold: len(partner.at("/slow")) > most, "deliveries are under way")
            hub.restart("events-worker")
        path = f"/v1/webhook-endpoints/{endpoint}/deliveries"

        def done() -> bool:
            found = hub.client("events").get(path, params={"state": "delivered", "limit": 200}).json()["data"]
            return len(found) >= EVENTS

        hub.wait_for(done, "everything is delivered")
        arrived = partner.at("/slow")
        hub.client("events").delete(f"/v1/webhook-endpoints/{endpoint}")
    assert set(names_in(list(arrived))) == set(expected)
    times = Counter(each.headers["webhook-id"] for each in arrived)
    assert len(times) == EVENTS, "the same event has the same webhook-id, however often it comes"


def test_the_stream_of_a_revoked_key_ends_within_ten_seconds_and_no_other(hub: Suite) -> None:
    asked = {"name": "page", "scopes": ["stream:read"]}
    made = hub.client("events").post("/v1/api-keys", json=asked).raise_for_status().json()
    revoked, other = (Reading(hub, 2, key=key, subject="user_id:watched") for key in (made["key"], API_KEY))
    track(hub, "before", user="watched")
    hub.wait_for(lambda: len(revoked.events) == len(other.events) == 1, "both hear of it")
    began = time.monotonic()
    hub.client("events").delete(f"/v1/api-keys/{made['id']}").raise_for_status()
    heard, farewell = revoked.result()
    assert time.monotonic() - began < 10.5
    assert (heard["event"], farewell["event"]) == ("touchpoint.recorded", "dropped")
    assert farewell["data"]["reason"] == "this key may read no longer"
    refused = httpx.get(f"{hub.url('events')}/v1/stream", headers={"Authorization": f"Bearer {made['key']}"})
    assert refused.status_code == 401
    track(hub, "after", user="watched")
    assert other.names() == ["before", "after"]


@pytest.mark.faults
def test_a_worker_killed_while_replaying_loses_nothing_and_feeds_nothing_twice(hub: Suite) -> None:
    with Partner(pause_s=0.01) as partner:
        names = [f"past{number}" for number in range(EVENTS)]
        before = hub.client("events").get("/v1/summary").json()["touchpoints"]
        track(hub, *names, user="replayed")

        def recorded() -> bool:
            return bool(hub.client("events").get("/v1/summary").json()["touchpoints"] >= before + EVENTS)

        hub.wait_for(recorded, "the past is recorded")
        endpoint = make(hub, partner.url("/past"), event_types=["touchpoint.recorded:never live"])
        since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        path = f"/v1/webhook-endpoints/{endpoint}/replays"
        body = {"since": since, "event_types": [f"touchpoint.recorded:{name}" for name in names]}
        replay = hub.client("events").post(path, json=body).json()["id"]
        for threshold in (0, 10):
            hub.wait_for(lambda most=threshold: len(partner.at("/past")) > most, "the replay is under way")
            hub.restart("events-worker")

        def outcome() -> Any:
            return hub.client("events").get(f"{path}/{replay}").json()

        hub.wait_for(lambda: outcome()["state"] == "done" and not outcome()["deliveries"]["pending"], "it is done")
        assert outcome()["deliveries"] == {"pending": 0, "delivered": EVENTS, "failed": 0, "canceled": 0}
        hub.client("events").delete(f"/v1/webhook-endpoints/{endpoint}")
    assert set(names_in(list(partner.at("/past")))) == set(names)
    assert len({each.headers["webhook-id"] for each in partner.at("/past")}) == EVENTS


@pytest.mark.faults
def test_a_worker_killed_while_it_recovers_sends_everything_that_was_counted(tmp_path: Path) -> None:
    hasty = SETTINGS | {"RAPPORT_WEBHOOK_RETRY_DELAYS_S": "[0.1]"}
    with Suite(tmp_path, hasty, services=("events",)) as hub, Partner(pause_s=0.03) as partner:
        failed, later = [f"failed{number}" for number in range(EVENTS - 1)], "later"
        types = [f"touchpoint.recorded:{name}" for name in (*failed, later)]
        path = f"/v1/webhook-endpoints/{make(hub, partner.url('/500'), event_types=types)}"

        def count(state: str) -> int:
            found = hub.client("events").get(f"{path}/deliveries", params={"state": state, "limit": 200})
            return len(found.raise_for_status().json()["data"])

        def recover() -> Any:
            since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
            return hub.client("events").post(f"{path}/recover", json={"since": since}).json()

        track(hub, *failed, user="recovered")
        hub.wait_for(lambda: count("failed") == len(failed), "everything has failed")
        hub.client("events").patch(path, json={"url": partner.url("/mended")}).raise_for_status()
        assert recover() == {"deliveries": len(failed)}
        for threshold in (5, 15, 30):
            hub.wait_for(lambda most=threshold: len(partner.at("/mended")) > most, "deliveries are under way")
            hub.restart("events-worker")
            assert recover() == {"deliveries": 0}, "what waits to be sent has not failed"
        track(hub, later, user="recovered")
        hub.wait_for(lambda: count("delivered") == len(types), "everything is delivered")
        arrived = partner.at("/mended")
    assert set(names_in(list(arrived))) == {*failed, later}
    assert len({each.headers["webhook-id"] for each in arrived}) == len(types)


def test_endpoints_that_hang_slow_nobody_else(hub: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    with Partner() as partner:
        good = [make(hub, partner.url(f"/good/{number}"), event_types=["touchpoint.recorded"]) for number in range(27)]
        alone = slowest(hub, partner, "before")
        bad = [make(hub, partner.url(f"/hang/{number}"), event_types=["touchpoint.recorded"]) for number in range(3)]
        beside = slowest(hub, partner, "beside")
        for endpoint in (*good, *bad):
            hub.client("events").delete(f"/v1/webhook-endpoints/{endpoint}")
    with capsys.disabled():
        sys.stdout.write(f"\np95 alone {alone * 1000:.0f} ms, beside a hanging tenth {beside * 1000:.0f} ms\n")
    assert beside < 2 * max(alone, 0.25)


def slowest(hub: Suite, partner: Partner, name: str) -> float:
    """The 95th percentile of seconds from the call to the arrival at each of the good endpoints."""
    took: list[float] = []
    for number in range(8):
        began, label = time.time(), f"{name}-{number}"
        track(hub, label)

        def arrivals(label: str = label) -> list[Any]:
            here = [each for each in partner.arrived if each.path.startswith("/good/")]
            return [each for each, found in zip(here, names_in(here), strict=True) if found == label]

        hub.wait_for(lambda: len(arrivals()) == 27, "all good endpoints hear of it")
        took += [each.at - began for each in arrivals()]
    return sorted(took)[int(len(took) * 0.95)]
