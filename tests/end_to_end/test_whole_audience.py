"""A campaign that is launched as soon as its segment is made or changed reaches everybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import campaigns
from tests.support.kafka import KafkaBroker
from tests.support.mail_sink import MailSink
from tests.support.postgres import PostgresServer
from tests.support.suite import Suite, cluster_settings
from tests.support.tracking_client import TrackingClient

pytestmark = pytest.mark.timeout(600)
CUSTOMERS = 1_500
BATCH = 100


@pytest.fixture(params=["embedded", pytest.param("cluster", marks=pytest.mark.services)])
def suite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Suite]:
    settings = {}
    if request.param == "cluster":
        broker: KafkaBroker = request.getfixturevalue("kafka_broker")
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        settings = cluster_settings(broker, postgres)
    with MailSink() as sink, Suite(tmp_path / "suite", settings | {"RAPPORT_SMTP_URL": sink.url}) as made:
        _customers(made)
        yield made


def _customers(suite: Suite) -> None:
    """Of every three, one in Taipei and two in Tainan."""
    calls = [
        {
            "type": "identify",
            "userId": f"u{n}",
            "traits": {"email": f"u{n}@example.com", "city": "Tainan" if n % 3 else "Taipei"},
            "messageId": f"m{n}",
        }
        for n in range(CUSTOMERS)
    ]
    with TrackingClient(suite.url("events")) as client:
        for start in range(0, CUSTOMERS, BATCH):
            client.send(calls[start : start + BATCH])
    with suite.client("profile") as client:
        suite.wait_for(lambda: client.get("/v1/summary").json()["profiles"] == CUSTOMERS, "all profiles")


def _in(city: str) -> dict[str, Any]:
    return {"name": city, "definition": {"type": "trait", "key": "city", "operator": "equals", "value": city}}


def test_nobody_is_missed_whatever_was_just_done_to_the_segment(suite: Suite) -> None:
    with suite.client("profile") as profile, suite.client("messaging") as messaging:
        segment: str = campaigns.create(profile, "/v1/segments", _in("Tainan"))["id"]
        first = campaigns.completed(suite, campaigns.launch(suite, segment))
        assert (first["audience_size"], first["messages"]["sent"]) == (1_000, 1_000)

        profile.put(f"/v1/segments/{segment}", json=_in("Taipei")).raise_for_status()
        second = campaigns.completed(suite, campaigns.launch(suite, segment))
        assert (second["audience_size"], second["messages"]["sent"]) == (500, 500)

        suite.kill("profile-worker")
        third = campaigns.launch(suite, segment)
        shown = f"/v1/campaigns/{third}"
        suite.wait_for(lambda: messaging.get(shown).json()["waiting_for"] == "members", "the campaign waits")
        suite.start("profile-worker")
        assert campaigns.completed(suite, third)["messages"]["sent"] == 500

        profile.delete(f"/v1/segments/{segment}").raise_for_status()
        fourth = f"/v1/campaigns/{campaigns.launch(suite, segment)}"
        suite.wait_for(lambda: messaging.get(fourth).json()["status"] == "failed", "the campaign fails")
        assert messaging.get(fourth).json()["reason"] == "no-segment"
