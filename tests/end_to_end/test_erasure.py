"""A customer with touchpoints, orders, scores and a message is erased: a search of everything finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.sql.database import Database
from tests.support import campaigns
from tests.support.archive import rows_of
from tests.support.kafka import KafkaBroker
from tests.support.mail_sink import MailSink
from tests.support.postgres import PostgresServer
from tests.support.search import places_of
from tests.support.suite import SERVICES, Suite, cluster_settings
from tests.support.tracking_client import TrackingClient

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
NAMES = ("jane@example.com", "janette", "smithson", "jane-1", "tablet-7", "o-4711", "+442079460958")
BUYERS = {"type": "last_purchase", "within_days": 30}


@dataclass
class Scene:
    """A suite whose databases a test may look into."""

    suite: Suite
    sink: MailSink
    databases: dict[str, str]
    archive: Path

    def found(self, *words: str) -> set[str]:
        """Where in any database or file one of the words stands; what waits for the bus is about to leave."""
        places = set()
        for service in SERVICES:
            database = Database(self.databases[service])
            places |= {f"{service}.{place}" for place in places_of(words, database, apart_from=["outbox"])}
            database.dispose()
        text = repr(rows_of(self.archive)).lower()
        return places | {f"archive: {word}" for word in words if word.lower() in text}


@pytest.fixture
def scene(tmp_path: Path, kafka_broker: KafkaBroker, postgres_server: PostgresServer) -> Iterator[Scene]:
    """On real servers; on the embedded log, each service's own tests erase."""
    settings = cluster_settings(kafka_broker, postgres_server)
    settings |= {"RAPPORT_ARCHIVE_DIR": str(tmp_path / "archive"), "RAPPORT_ARCHIVE_EVERY_S": "0.2"}
    with MailSink() as sink, Suite(tmp_path / "suite", settings | {"RAPPORT_SMTP_URL": sink.url}) as suite:
        urls = {name: settings[f"RAPPORT_{name.upper()}_DATABASE_URL"] for name in SERVICES}
        yield Scene(suite, sink, urls, tmp_path / "archive")


def buys(user: str, order: str, **who: str) -> list[dict[str, Any]]:
    traits = {"email": f"{user}@example.com", "first_name": user.title()} | who
    properties = {"order_id": order, "revenue": 42.5, "currency": "GBP", "products": [{"name": "Tea", "price": 42.5}]}
    caller = {"userId": f"{user}-1"}
    bought = {"type": "track", "event": "Order Completed", "properties": properties, "messageId": f"{user}-{order}-t"}
    return [{"type": "identify", "traits": traits, "messageId": f"{user}-{order}-i"} | caller, bought | caller]


def profile_of(suite: Suite, email: str) -> dict[str, Any]:
    with suite.client("profile") as client:
        answer = client.get("/v1/profiles/lookup", params={"kind": "email", "value": email})
        return dict(answer.json()) if answer.status_code == 200 else {}


def run_of_scores(suite: Suite) -> None:
    with suite.client("scoring") as client:
        run = campaigns.create(client, "/v1/score-runs", {"models": ["rfm"]})["id"]
        suite.wait_for(lambda: client.get(f"/v1/score-runs/{run}").json()["state"] == "succeeded", "the score run")


def play(scene: Scene) -> str:
    """Jane and Mei browse, buy, are scored and written to; Jane's profile's id."""
    suite = scene.suite
    janes = {"email": "jane@example.com", "first_name": "Janette", "last_name": "Smithson", "phone": "+44 20 7946 0958"}
    with TrackingClient(suite.url("events")) as client:
        client.send([{"type": "page", "anonymousId": "tablet-7", "messageId": "jane-1-p"}])
        client.send([*buys("jane", "o-4711", **janes), *buys("mei", "o-1")])
        client.send([{"type": "identify", "userId": "jane-1", "anonymousId": "tablet-7", "messageId": "jane-1-m"}])
    suite.wait_for(lambda: "tablet-7" in str(profile_of(suite, "jane@example.com")), "Jane's profile")
    sent = campaigns.launch(suite, campaigns.segment(suite, BUYERS, size=2))
    assert campaigns.completed(suite, sent)["messages"]["sent"] == 2
    with suite.client("scoring") as client:
        suite.wait_for(lambda: client.get("/v1/summary").json()["identified"]["orders"] == 2, "both orders")
    run_of_scores(suite)
    suite.wait_for(lambda: len(rows_of(scene.archive)) == 6, "six rows in the archive")
    return str(profile_of(suite, "jane@example.com")["id"])


def test_nothing_is_left_of_her_anywhere_and_others_are_as_they_were(scene: Scene) -> None:
    jane, suite = play(scene), scene.suite
    held = {place.partition(".")[0].partition(":")[0] for place in scene.found(*NAMES, jane)}
    assert held == {*SERVICES, "archive"}
    with suite.client("profile") as client:
        assert (
            client.delete("/v1/profiles/lookup", params={"kind": "phone", "value": "+442079460958"}).status_code == 202
        )
    suite.wait_for(lambda: scene.found(*NAMES, jane) == set(), "nothing of Jane")
    run_of_scores(suite)
    assert scene.found(*NAMES, jane) == set()
    assert scene.found("mei@example.com")
    assert [row["user_id"] for row in rows_of(scene.archive)] == ["mei-1", "mei-1"]
    with suite.client("events") as client:
        (day,) = client.get("/v1/archive").json()["data"]
        assert (day["rows"], day["erased"], day["is_complete"]) == (2, 4, True)
    with TrackingClient(suite.url("events")) as client:
        client.send(buys("jane", "o-5000"))
    suite.wait_for(lambda: bool(profile_of(suite, "jane@example.com")), "Jane is a customer again")
    again = profile_of(suite, "jane@example.com")
    assert again["id"] != jane
    assert (again["purchases"]["orders"], again["purchases"]["last_order_id"]) == (1, "o-5000")
