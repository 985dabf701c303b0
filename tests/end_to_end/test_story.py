"""One story through all four services, over HTTP and SMTP alone, on the embedded bus and on Kafka and PostgreSQL.

Two customers browse, sign in, buy in several currencies, cancel and are refunded; their calls arrive newest first.
They are found, scored and written to, and one of them wants no more mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support import campaigns
from tests.support.mail_sink import MailSink
from tests.support.suite import Suite, cluster_settings
from tests.support.tracking_client import TrackingClient

pytestmark = pytest.mark.timeout(600)
NOW = datetime.now(UTC).replace(microsecond=0)
BUYERS = {"type": "score", "model": "rfm", "field": "value", "operator": "gte", "value": 0}


def call(days_ago: float, kind: str, **fields: Any) -> dict[str, Any]:
    moment = NOW - timedelta(days=days_ago)
    return {"type": kind, "timestamp": moment.isoformat(), "messageId": f"{kind}-{days_ago}"} | fields


def order(days_ago: float, order_id: str, status: str = "Completed", **fields: Any) -> dict[str, Any]:
    """`revenue`, `currency` and products go into the properties; the rest says who and which message."""
    who = {name: fields.pop(name) for name in ("userId", "anonymousId", "messageId") if name in fields}
    properties = {"order_id": order_id, "products": [{"name": f"Goods of {order_id}", "price": 1}], **fields}
    return call(days_ago, "track", event=f"Order {status}", properties=properties) | who


MEI = {"name": "王小美", "gender": "female", "locale": "zh-TW", "email": "Mei@Example.com", "phone": "+886 912 345 678"}
JANE = {"first_name": "Jane", "last_name": "Smith", "email": "jane@example.com", "phone": "+44 20 7946 0958"}
CALLS = [
    call(90, "page", anonymousId="device-mei", name="Home"),
    order(80, "M1", anonymousId="device-mei", revenue="1200", currency="TWD"),
    call(70, "identify", anonymousId="device-mei", userId="mei", traits=MEI),
    order(60, "M2", userId="mei", revenue=2_500, currency="TWD"),
    order(50, "M2", "Refunded", userId="mei", revenue=500, currency="TWD"),
    order(95, "J1", userId="jane-old", revenue="40.10", currency="GBP"),
    call(85, "identify", userId="jane", traits=JANE),
    order(75, "J2", userId="jane", revenue="60.00", currency="EUR", messageId="J2-browser"),
    order(75, "J2", userId="jane", revenue="60.00", currency="EUR", messageId="J2-server"),
    order(65, "J3", userId="jane", revenue="99.99", currency="GBP"),
    order(64, "J3", "Cancelled", userId="jane", currency="GBP"),
    call(55, "alias", userId="jane", previousId="jane-old"),
    call(54, "page", anonymousId="device-jane", name="Sale"),
    call(53, "identify", anonymousId="device-jane", userId="jane", traits={"city": "Leeds"}),
]


@dataclass
class Played:
    """The suite after the story's calls, and the mail that it sends."""

    suite: Suite
    sink: MailSink

    def profile(self, kind: str, value: str) -> dict[str, Any]:
        """The profile with this identifier."""
        with self.suite.client("profile") as client:
            answer = client.get("/v1/profiles/lookup", params={"kind": kind, "value": value})
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found


@pytest.fixture(scope="module", params=["embedded", pytest.param("cluster", marks=pytest.mark.services)])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    settings = {}
    if request.param == "cluster":
        settings = cluster_settings(request.getfixturevalue("kafka_broker"), request.getfixturevalue("postgres_server"))
    directory = tmp_path_factory.mktemp(request.param)
    with MailSink() as sink, Suite(directory, settings | {"RAPPORT_SMTP_URL": sink.url}) as suite:
        with TrackingClient(suite.url("events")) as client:
            for each in reversed(CALLS):
                client.send([each])
        suite.wait_for(lambda: settled(suite), "every purchase in profile and scoring")
        yield Played(suite, sink)


def settled(suite: Suite) -> bool:
    with suite.client("profile") as profile, suite.client("scoring") as scoring:
        held, known = profile.get("/v1/summary").json(), scoring.get("/v1/summary").json()
    return bool(held["identified"] == 2 == held["profiles"] and known["identified"]["orders"] == 4)


def test_a_customer_is_found_under_every_name(played: Played) -> None:
    mei = played.profile("user_id", "mei")["id"]
    assert played.profile("anonymous_id", "device-mei")["id"] == mei
    assert played.profile("email", "mei@EXAMPLE.com")["id"] == mei
    assert played.profile("phone", "+886912345678")["id"] == mei
    jane = played.profile("user_id", "jane")
    assert played.profile("user_id", "jane-old")["id"] == jane["id"] != mei
    assert {trait["key"]: trait["value"] for trait in jane["traits"]} == JANE | {"city": "Leeds"}
    with played.suite.client("profile") as client:
        for merged in jane["merged_from"]:
            assert client.get(f"/v1/profiles/{merged}").json()["id"] == jane["id"]


def test_purchases_are_net_of_refunds_and_cancellations_in_each_currency(played: Played) -> None:
    mei, jane = played.profile("user_id", "mei")["purchases"], played.profile("user_id", "jane")["purchases"]
    assert mei["spent_minor"] == {"TWD": 320_000}
    assert (mei["orders"], mei["refunds"], mei["last_order_id"]) == (2, 1, "M2")
    assert jane["spent_minor"] == {"EUR": 6_000, "GBP": 4_010}
    assert (jane["orders"], jane["last_order_id"]) == (2, "J2")
    with played.suite.client("scoring") as client:
        facts = client.get("/v1/summary").json()["identified"]
    assert facts["net_minor"] == {"EUR": 6_000, "GBP": 4_010, "TWD": 320_000}
    assert facts["customers"] == 2


def test_a_timeline_runs_through_every_merge(played: Played) -> None:
    jane = played.profile("user_id", "jane")["id"]
    theirs = {each["messageId"] for each in CALLS if "jane" in f"{each.get('userId')}{each.get('anonymousId')}"}
    with played.suite.client("events") as client:

        def timeline() -> list[dict[str, Any]]:
            shown: list[dict[str, Any]] = client.get(f"/v1/profiles/{jane}/timeline").json()["data"]
            return shown

        played.suite.wait_for(lambda: {each["message_id"] for each in timeline()} == theirs, "the whole timeline")
        moments = [each["occurred_at"] for each in timeline()]
    assert moments == sorted(moments, reverse=True)


def scored(suite: Suite) -> None:
    """Run the models as of now, and wait until they succeeded."""
    with suite.client("scoring") as client:
        run = campaigns.create(client, "/v1/score-runs", {"models": ["rfm", "lifetime_value"]})["id"]

        def state() -> str:
            shown: str = client.get(f"/v1/score-runs/{run}").json()["state"]
            return shown

        suite.wait_for(lambda: state() in ("succeeded", "failed"), "the score run")
        assert state() == "succeeded", client.get(f"/v1/score-runs/{run}").text


def unsubscribe(suite: Suite, link: str) -> None:
    """What a mail provider does when its user presses the button (RFC 8058)."""
    path = re.sub(r"^https?://[^/]+", "", link.strip("<>"))
    with httpx.Client(base_url=suite.url("messaging")) as provider:
        assert provider.get(path).status_code == 200
        assert provider.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_scores_choose_whom_to_write_to_until_they_have_enough(played: Played) -> None:
    suite, sink = played.suite, played.sink
    scored(suite)
    with suite.client("scoring") as client:
        scores = client.get(f"/v1/profiles/{played.profile('user_id', 'mei')['id']}/scores").json()["scores"]
    assert {score["model"] for score in scores} == {"rfm", "lifetime_value"}
    assert all(score["reasons"] for score in scores)

    segment = campaigns.segment(suite, BUYERS, size=2)
    first = campaigns.completed(suite, campaigns.launch(suite, segment))
    assert first["messages"]["sent"] == 2
    (to_mei,), (to_jane,) = sink.to("mei@example.com"), sink.to("jane@example.com")
    assert "王小美" in str(to_mei["Subject"])
    assert "Jane" in str(to_jane["Subject"])
    assert to_jane["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    unsubscribe(suite, str(to_jane["List-Unsubscribe"]))
    second = campaigns.launch(suite, segment)
    assert campaigns.completed(suite, second)["messages"] == {
        "queued": 0, "sending": 0, "sent": 1, "failed": 0, "unknown": 0, "skipped": 1,
    }  # fmt: skip
    (skipped,) = [each for each in campaigns.messages(suite, second) if each["status"] == "skipped"]
    assert (skipped["profile_id"], skipped["reason"]) == (played.profile("user_id", "jane")["id"], "suppressed")
    assert len(sink.to("jane@example.com")) == 1
