"""Outgoing webhooks against a real server, on both databases."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from services.events.adapters.sql.webhooks.endpoints import SqlEndpoints
from services.events.adapters.sql.webhooks.mailbox import SqlMailbox
from services.events.adapters.sql.webhooks.tables import webhook_deliveries, webhook_lanes
from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.domain.owners import EVERYBODY
from services.events.settings import EventsSettings
from services.events.use_cases.webhooks.feed_webhooks import feed_webhooks
from services.events.use_cases.webhooks.keep_endpoints import WantedEndpoint, create_endpoint
from services.events.workers.loops import loops_of
from shared.clock import utc_now
from shared.contracts.profile import SegmentEnteredV1
from shared.sql.migrations import check
from tests.integration.events.partner import Arrived, Partner
from tests.integration.events.suite import IMPATIENT, Events, events_service, running_worker, wait_until


def make(hub: Events, url: str, **body: Any) -> dict[str, Any]:
    answer = hub.http.post("/v1/webhook-endpoints", json={"url": url, **body}, headers=hub.read)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliveries(hub: Events, endpoint: dict[str, Any], **filters: str) -> list[dict[str, Any]]:
    return list(hub.get(f"/v1/webhook-endpoints/{endpoint['id']}/deliveries", params=filters)["data"])


def settled(hub: Events, endpoint: dict[str, Any], many: int = 1) -> list[dict[str, Any]]:
    """The deliveries of an endpoint once so many are no longer pending."""

    def done(seen: list[dict[str, Any]]) -> bool:
        return len([each for each in seen if each["state"] != "pending"]) >= many

    return list(wait_until(lambda: deliveries(hub, endpoint), done))


def attempts(hub: Events, delivery: dict[str, Any]) -> list[dict[str, Any]]:
    return list(hub.get(f"/v1/webhook-deliveries/{delivery['id']}")["history"])


def track(hub: Events, event: str = "Bought", user: str = "u1") -> None:
    assert hub.send("/v1/track", {"userId": user, "event": event}).status_code == 200


def signatures(arrived: Arrived, *secrets: str) -> list[str]:
    """What a partner computes for itself."""
    signed = f"{arrived.headers['webhook-id']}.{arrived.headers['webhook-timestamp']}.".encode() + arrived.body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    return [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys]


def test_what_is_wanted_arrives_once_in_order_and_signed(hub: Events, partner: Partner) -> None:
    wanting = make(hub, partner.url("/ok"), event_types=["touchpoint.recorded:Bought"])
    everything = make(hub, partner.url("/everything"))
    names = ["Bought", "Seen", "Bought", "Bought"]
    before, before_all = len(partner.at("/ok")), len(partner.at("/everything"))
    for name in names:
        track(hub, name)
    assert [each["state"] for each in settled(hub, wanting, 3)] == ["delivered"] * 3
    settled(hub, everything, 4)
    got, got_all = partner.at("/ok")[before:], partner.at("/everything")[before_all:]
    assert [json.loads(each.body)["data"]["name"] for each in got_all] == names
    assert [each.headers["webhook-id"] for each in got] == [d["id"] for d in reversed(deliveries(hub, wanting))]
    path = f"/v1/webhook-endpoints/{wanting['id']}/secret"
    first = hub.get(path)["current"]["secret"]
    second = hub.post(f"{path}/rotate").json()
    assert second["replaced"][0]["secret"] == first
    assert [each.headers["webhook-signature"] for each in got] == [signatures(each, first)[0] for each in got]
    track(hub)
    settled(hub, wanting, 4)
    latest = partner.at("/ok")[-1]
    assert latest.headers["webhook-signature"].split() == signatures(latest, second["current"]["secret"], first)
    assert latest.headers["webhook-timestamp"].isdigit()
    assert set(json.loads(latest.body)) == {"type", "timestamp", "data"}
    assert [each for each in partner.at("/everything") if b"traceparent" in each.body] == []


def test_every_way_to_fail_has_its_consequence(hub: Events, partner: Partner) -> None:
    paths = ("500", "redirect", "drip", "429", "hang", "nonsense", "until-closed", "long", "continue", "flaky", "410")
    kinds = {path: make(hub, partner.url(f"/{path}"), event_types=["touchpoint.recorded"]) for path in paths}
    notices = make(hub, partner.url("/notices"), event_types=["webhook-endpoint.disabled"])
    seen = {path: len(partner.at(f"/{path}")) for path in paths}
    track(hub)
    found = {path: settled(hub, endpoint)[0] for path, endpoint in kinds.items()}
    states = {path: delivery["state"] for path, delivery in found.items()}
    good = dict.fromkeys(("until-closed", "long", "continue", "flaky"), "delivered")
    assert states == dict.fromkeys(paths, "failed") | good
    history = {path: attempts(hub, delivery) for path, delivery in found.items()}
    assert {path: len(each) for path, each in history.items()} == (
        dict.fromkeys(paths, 3) | dict.fromkeys(good, 1) | {"flaky": 2, "410": 1}
    )
    assert partner.at("/followed") == []
    assert (history["500"][0]["status"], history["500"][0]["response"]) == (500, "no\ufffd!")
    for path in ("drip", "hang"):
        assert all(each["status"] is None and "within 1 s" in each["error"] for each in history[path])
    for path in ("500", "429"):
        tries = partner.at(f"/{path}")[seen[path] :]
        assert {each.headers["webhook-id"] for each in tries} == {found[path]["id"]}
        gaps = [later.at - earlier.at for earlier, later in zip(tries, tries[1:], strict=False)]
        assert min(gaps) >= (1.0 if path == "429" else 0.16)
    gone = hub.get(f"/v1/webhook-endpoints/{kinds['410']['id']}")
    assert (gone["disabled"], gone["disabled_reason"]) == (True, "the endpoint answered 410 Gone")
    settled(hub, notices)
    told = json.loads(partner.at("/notices")[-1].body)
    assert (told["type"], told["data"]["endpoint_id"]) == ("webhook-endpoint.disabled", gone["id"])


def test_failures_are_sent_again_one_by_one_and_since_a_time(hub: Events, partner: Partner) -> None:
    endpoint = make(hub, partner.url("/500"))
    track(hub)
    track(hub)
    failed = settled(hub, endpoint, 2)
    base = f"/v1/webhook-endpoints/{endpoint['id']}"
    moved = hub.http.patch(base, json={"url": partner.url("/better")}, headers=hub.read | {"If-Match": '"1"'})
    assert (moved.status_code, moved.headers["etag"]) == (200, '"2"')
    before = len(partner.at("/better"))
    resent = hub.post(f"/v1/webhook-deliveries/{failed[0]['id']}/resend")
    assert (resent.status_code, resent.json()["state"]) == (202, "pending")
    wait_until(lambda: deliveries(hub, endpoint, state="delivered"), bool)
    late = hub.post(f"{base}/recover", json={"since": "2099-01-01T00:00:00Z"})
    assert (late.status_code, [each["where"] for each in late.json()["errors"]]) == (422, ["/since"])
    assert hub.post(f"{base}/recover", json={"since": "2020-01-01T00:00:00Z"}).json() == {"deliveries": 1}
    done = wait_until(lambda: deliveries(hub, endpoint, state="delivered"), lambda seen: len(seen) == 2)
    assert {each["attempts"] for each in done} == {4}
    ids = [each.headers["webhook-id"] for each in partner.at("/better")[before:]]
    assert ids == [each["id"] for each in failed]


def test_what_is_sent_again_by_hand_does_not_wait_for_retry_after(hub: Events, partner: Partner) -> None:
    endpoint = make(hub, partner.url("/in-an-hour"))
    track(hub)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    wait_until(lambda: hub.get(path)["paused_until"], bool)
    (waiting,) = deliveries(hub, endpoint)
    assert (waiting["state"], waiting["attempts"]) == ("pending", 1)
    assert hub.post(f"/v1/webhook-deliveries/{waiting['id']}/resend").status_code == 202
    again = wait_until(lambda: deliveries(hub, endpoint)[0], lambda seen: seen["attempts"] == 2)
    ids = [each.headers["webhook-id"] for each in partner.at("/in-an-hour")]
    assert (again["attempts"], ids.count(waiting["id"])) == (2, 2)


def test_an_endpoint_that_fails_for_too_long_is_disabled_until_its_owner_says_otherwise(
    settings: EventsSettings, partner: Partner
) -> None:
    hasty = settings.model_copy(
        update={**IMPATIENT, "webhook_disable_after_s": 0.1, "webhook_retry_delays_s": (0.05,) * 10}
    )
    with events_service(hasty) as hub:
        endpoint = make(hub, partner.url("/500"))
        path = f"/v1/webhook-endpoints/{endpoint['id']}"
        track(hub)
        disabled = wait_until(lambda: hub.get(path), lambda seen: seen["disabled"])
        assert disabled["disabled_reason"].startswith("every attempt since")
        assert disabled["failing_since"]
        assert [each["state"] for each in deliveries(hub, endpoint)] == ["pending"]
        change = {"url": partner.url("/ok"), "disabled": False}
        enabled = hub.http.patch(path, json=change, headers=hub.read).json()
        assert (enabled["disabled"], enabled["failing_since"]) == (False, None)
        assert settled(hub, endpoint)[0]["state"] == "delivered"


def test_a_worker_that_was_away_for_weeks_disables_nobody_by_one_more_failure(
    settings: EventsSettings, partner: Partner
) -> None:
    patient = settings.model_copy(update={**IMPATIENT, "webhook_retry_delays_s": (1.0, 3600.0)})
    with events_service(patient, worker=False) as hub:
        with running_worker(patient) as wiring:
            endpoint = make(hub, partner.url("/500"))
            path = f"/v1/webhook-endpoints/{endpoint['id']}"
            track(hub)
            wait_until(lambda: hub.get(path)["failing_since"], bool)
        weeks_ago = {"failing_since": utc_now() - timedelta(days=21), "failed_at": utc_now() - timedelta(days=20)}
        with wiring.database.transaction() as session:
            session.execute(update(webhook_lanes).values(weeks_ago))
        with running_worker(patient):
            wait_until(lambda: deliveries(hub, endpoint)[0]["attempts"], lambda seen: seen == 2)
            shown = hub.get(path)
    assert (shown["disabled"], datetime.fromisoformat(shown["failing_since"])) == (False, weeks_ago["failing_since"])


def test_what_hundreds_of_endpoints_are_told_is_not_held_in_memory_at_once(settings: EventsSettings) -> None:
    wiring, now = Wiring(settings), utc_now()
    facts = [SegmentEnteredV1(segment_id="s", profile_id=f"p{n}", sequence=1, entered_at=now) for n in range(200)]
    with wiring.database.transaction() as session:
        for _ in range(100):
            create_endpoint(SqlEndpoints(session, EVERYBODY), WantedEndpoint(), owner="o", clock=wiring.clock)
    tracemalloc.start()
    try:
        with wiring.database.transaction() as session:
            feed_webhooks(facts, SqlMailbox(session))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with wiring.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(webhook_deliveries)) == 20_000
    wiring.database.dispose()
    assert peak < 12_000_000


def key_of(desk: Events, *scopes: str, **more: str) -> dict[str, Any]:
    asked = {"name": "partner", "scopes": scopes or ("webhooks:*",), **more}
    return dict(desk.post("/v1/api-keys", json=asked).json())


def as_partner(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


def test_a_partner_sees_and_changes_only_its_own(desk: Events, partner: Partner) -> None:
    one, other = (as_partner(key_of(desk)) for _ in range(2))
    body = {"url": partner.url("/ok")}
    mine = desk.post("/v1/webhook-endpoints", json=body, headers=one).json()
    path = f"/v1/webhook-endpoints/{mine['id']}"
    for suffix in ("", "/secret", "/deliveries"):
        assert desk.http.get(path + suffix, headers=one).status_code == 200
        assert desk.http.get(path + suffix, headers=other).status_code == 404
    for suffix in ("/secret/rotate", "/test", "/recover"):
        assert desk.post(path + suffix, json={"since": "2020-01-01T00:00:00Z"}, headers=other).status_code == 404
    assert desk.http.patch(path, json={"description": "x"}, headers=other).status_code == 404
    assert desk.http.delete(path, headers=other).status_code == 404
    assert desk.get("/v1/webhook-endpoints", headers=other)["data"] == []
    assert [each["id"] for each in desk.get("/v1/webhook-endpoints")["data"]] == [mine["id"]]
    assert desk.http.delete(path, headers=one).status_code == 204
    assert desk.http.get(path, headers=one).status_code == 404


def test_the_endpoints_of_an_owner_are_fed_until_the_last_key_is_revoked(hub: Events, partner: Partner) -> None:
    first = key_of(hub)
    body = {"url": partner.url("/owned"), "event_types": ["touchpoint.recorded"]}
    endpoint = hub.post("/v1/webhook-endpoints", json=body, headers=as_partner(first)).json()
    others = make(hub, partner.url("/others"), event_types=["touchpoint.recorded"])
    second = key_of(hub, owner=first["id"])
    hub.http.delete(f"/v1/api-keys/{first['id']}", headers=hub.read)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    assert hub.get(path, headers=as_partner(second))["disabled"] is False
    track(hub, "heard")
    assert [each["state"] for each in settled(hub, endpoint)] == ["delivered"]
    hub.http.delete(f"/v1/api-keys/{second['id']}", headers=hub.read)
    shown = hub.get(path)
    assert (shown["disabled"], shown["disabled_reason"]) == (True, "the last API key of its owner was revoked")
    track(hub, "not heard")
    settled(hub, others, 2)
    assert len(deliveries(hub, endpoint)) == 1
    third = as_partner(key_of(hub, owner=first["id"]))
    assert hub.http.patch(path, json={"disabled": False}, headers=third).json()["disabled"] is False
    track(hub, "heard again")
    assert [each["state"] for each in settled(hub, endpoint, 2)] == ["delivered"] * 2


def test_a_change_that_was_overtaken_is_refused(desk: Events, partner: Partner) -> None:
    path = f"/v1/webhook-endpoints/{make(desk, partner.url('/ok'))['id']}"
    first, second = (
        desk.http.patch(path, json={"description": text}, headers=desk.read | {"If-Match": '"1"'}) for text in "ab"
    )
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "version_conflict")
    twice = [desk.post("/v1/webhook-endpoints", json={"url": partner.url("/ok")},
                  headers=desk.read | {"Idempotency-Key": "k"}).json() for _ in range(2)]  # fmt: skip
    assert twice[0]["id"] == twice[1]["id"]


def test_a_test_send_shows_the_answer_at_once(desk: Events, partner: Partner) -> None:
    results = {
        path: desk.post(f"/v1/webhook-endpoints/{make(desk, partner.url(path))['id']}/test").json()
        for path in ("/ok", "/500", "/redirect")
    }
    assert {path: (each["delivered"], each["status"]) for path, each in results.items()} == {
        "/ok": (True, 200), "/500": (False, 500), "/redirect": (False, 302),
    }  # fmt: skip
    arrived = partner.at("/ok")[-1]
    assert (arrived.headers["webhook-id"], json.loads(arrived.body)["type"]) == (
        results["/ok"]["webhook_id"], "webhook.test",
    )  # fmt: skip


def test_nothing_connects_to_what_is_private(settings: EventsSettings) -> None:
    with Partner() as inside, events_service(settings, worker=False) as desk:
        port = inside.port
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0"):
            for scheme in ("https", "http"):
                body = {"url": f"{scheme}://{host}:{port}/"}
                refused = desk.post("/v1/webhook-endpoints", json=body)
                assert (refused.status_code, refused.json()["code"]) == (403, "destination_refused"), body
        wiring = Wiring(settings)
        with wiring.database.transaction() as session:  # as if the name had led elsewhere when it was saved
            endpoints = SqlEndpoints(session, EVERYBODY)
            urls = (f"http://127.0.0.1:{port}/", f"https://localhost:{port}/", f"https://2130706433:{port}/")
            made = [create_endpoint(endpoints, WantedEndpoint(url=url), owner="o", clock=utc_now) for url in urls]
        for endpoint in made:
            result = desk.post(f"/v1/webhook-endpoints/{endpoint.id}/test").json()
            assert (result["delivered"], result["status"]) == (False, None)
            assert "not on the public internet" in result["error"]
        assert inside.connections == 0
        wiring.database.dispose()


def test_a_host_without_an_address_yet_is_kept_and_a_test_send_says_so(desk: Events) -> None:
    result = desk.post(f"/v1/webhook-endpoints/{make(desk, 'https://nonexistent.invalid/')['id']}/test").json()
    assert (result["delivered"], result["status"]) == (False, None)
    assert "nonexistent.invalid has no address" in result["error"]


def test_a_host_that_never_has_an_address_is_refused(desk: Events) -> None:
    for host in ("a..example", ".example", "a" * 64 + ".example", "[v1.a]", "a.example:0"):
        refused = desk.post("/v1/webhook-endpoints", json={"url": f"https://{host}/"})
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "/url"), host


def test_two_workers_share_the_work_and_send_nothing_twice(settings: EventsSettings, partner: Partner) -> None:
    quick = settings.model_copy(update=IMPATIENT)
    with events_service(quick) as hub:
        second = Wiring(quick)
        stop = threading.Event()
        thread = threading.Thread(target=loops_of(second)["webhooks"], args=(stop,))
        thread.start()
        endpoints = [make(hub, partner.url(f"/shared/{number}")) for number in range(10)]
        before = len([each for each in partner.arrived if each.path.startswith("/shared/")])
        for number in range(10):
            track(hub, user=f"u{number}")
        for endpoint in endpoints:
            assert {each["state"] for each in settled(hub, endpoint, 10)} == {"delivered"}
        stop.set()
        thread.join(20)
        second.database.dispose()
    ids = [each.headers["webhook-id"] for each in partner.arrived if each.path.startswith("/shared/")][before:]
    assert len(ids) == len(set(ids)) == 100


def test_the_tables_are_those_of_the_history(desk: Events, settings: EventsSettings) -> None:
    wiring = Wiring(settings)
    check(wiring.database, MIGRATIONS)
    wiring.database.dispose()
