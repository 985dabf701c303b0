"""Replays to a real server, on both databases and both buses."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.events.adapters.sql.webhooks.mailbox import SqlMailbox
from services.events.adapters.sql.webhooks.replays import SqlReplays
from services.events.bootstrap import Wiring
from services.events.domain.owners import EVERYBODY
from services.events.settings import EventsSettings
from services.events.use_cases.webhooks.feed_webhooks import feed_webhooks, messages_of
from services.events.use_cases.webhooks.ports import Listener
from shared.contracts.profile import ProfileErasedV1, SegmentEnteredV1
from shared.contracts.topics import ALL
from shared.ids import new_id
from shared.outbox.outbox import Outbox
from tests.integration.events.partner import Partner
from tests.integration.events.suite import IMPATIENT, Events, events_service, running_worker, settings_in, wait_until
from tests.support.kafka import KafkaBroker


def make(hub: Events, url: str, **body: Any) -> str:
    answer = hub.http.post("/v1/webhook-endpoints", json={"url": url, **body}, headers=hub.read)
    assert answer.status_code == 201, answer.text
    return f"/v1/webhook-endpoints/{answer.json()['id']}"


def track(hub: Events, *names: str) -> None:
    for name in names:
        assert hub.send("/v1/track", {"userId": "u1", "event": name}).status_code == 200


def ago(**delta: float) -> str:
    return (datetime.now(UTC) - timedelta(**delta)).isoformat()


def replayed(hub: Events, path: str, **body: Any) -> dict[str, Any]:
    """A replay of the last hour that was asked for and has come to its end, deliveries and all."""
    begun = hub.post(f"{path}/replays", json={"since": ago(hours=1), **body})
    assert begun.status_code == 202, begun.text
    where = f"{path}/replays/{begun.json()['id']}"
    done = wait_until(
        lambda: hub.get(where), lambda seen: seen["state"] == "done" and not seen["deliveries"]["pending"], 40
    )
    assert (done["state"], done["progress"], done["deliveries"]["pending"]) == ("done", 1.0, 0), done
    return dict(done)


def names_at(partner: Partner, path: str) -> list[str]:
    return [json.loads(each.body)["data"]["name"] for each in partner.at(path)]


def ids_at(partner: Partner, path: str) -> list[str]:
    return [each.headers["webhook-id"] for each in partner.at(path)]


def tells_the_past(hub: Events, partner: Partner, path: str) -> None:
    names = [f"n{number}" for number in range(8)]
    make(hub, partner.url(f"{path}/before"))
    track(hub, *names)
    wait_until(lambda: names_at(partner, f"{path}/before"), lambda seen: seen == names, 60)
    endpoint = make(hub, partner.url(path), event_types=["touchpoint.recorded"])
    track(hub, "live")
    wait_until(lambda: names_at(partner, path), lambda seen: seen == ["live"])
    done = replayed(hub, endpoint)
    assert names_at(partner, path) == ["live", *names, "live"]
    ids = ids_at(partner, path)
    assert ids[0] == ids[-1], "the same fact has the same webhook-id, live and replayed"
    assert len(set(ids)) == 9
    assert done["deliveries"] == {"pending": 0, "delivered": 9, "failed": 0, "canceled": 0}
    assert replayed(hub, endpoint, missing_only=True)["deliveries"]["delivered"] == 0
    replayed(hub, endpoint)
    assert set(Counter(ids_at(partner, path)).values()) == {2, 3}


def test_an_endpoint_hears_what_was_before_it_and_again_under_the_same_id(hub: Events, partner: Partner) -> None:
    tells_the_past(hub, partner, f"/past/{new_id()}")


@pytest.mark.services
def test_the_same_on_kafka(tmp_path: Path, kafka_broker: KafkaBroker, partner: Partner) -> None:
    settings = settings_in(tmp_path, bus_url=kafka_broker.url, **IMPATIENT)
    with events_service(settings) as hub:
        tells_the_past(hub, partner, f"/kafka/{new_id()}")


def test_a_replay_covers_its_time_and_takes_types_that_the_endpoint_did_not(hub: Events, partner: Partner) -> None:
    path = f"/types/{new_id()}"
    endpoint = make(hub, partner.url(path), event_types=["touchpoint.recorded:Bought"])
    track(hub, "Bought", "Seen")
    hub.wait_for(2)
    between = ago()
    track(hub, "Seen", "Left")
    hub.wait_for(4)
    assert replayed(hub, endpoint, event_types=["touchpoint.recorded:Seen"], until=between)["facts_read"] == 2
    assert names_at(partner, path) == ["Bought", "Seen"]
    done = replayed(hub, endpoint, event_types=["touchpoint.recorded:Seen"], missing_only=True)
    assert (done["facts_read"], done["deliveries"]["delivered"]) == (4, 1)
    assert names_at(partner, path) == ["Bought", "Seen", "Seen"]
    assert len(set(ids_at(partner, path))) == 3


def test_a_replay_tells_nothing_of_a_customer_who_was_erased(
    hub: Events, settings: EventsSettings, partner: Partner
) -> None:
    path = f"/erased/{new_id()}"
    track(hub, "hers")
    assert hub.send("/v1/track", {"userId": "u2", "event": "others"}).status_code == 200
    hub.wait_for(2)
    wiring = Wiring(settings)
    fact = ProfileErasedV1(erasure_id=new_id(), subjects=("user_id:u1",), erased_at=datetime.now(UTC))
    with wiring.database.transaction() as session:
        Outbox("rapport/profile").add(session, [fact])
    wiring.database.dispose()
    wait_until(lambda: hub.get("/v1/erasures")["data"], lambda found: bool(found and found[0]["finished_at"]))
    replayed(hub, make(hub, partner.url(path), event_types=["touchpoint.recorded"]))
    assert names_at(partner, path) == ["others"]


def test_what_happens_goes_before_what_is_replayed(desk: Events, settings: EventsSettings, partner: Partner) -> None:
    endpoint = make(desk, partner.url("/ok"), event_types=["segment.entered"])
    begun = desk.post(f"{endpoint}/replays", json={"since": ago(hours=1)}).json()
    wiring = Wiring(settings.model_copy(update=IMPATIENT))
    facts = [
        SegmentEnteredV1(segment_id="s", profile_id=f"p{number}", sequence=1, entered_at=datetime.now(UTC))
        for number in range(200)
    ]
    with wiring.database.transaction() as session:
        replays = SqlReplays(session, EVERYBODY)
        replay = replays.get(begun["endpoint_id"], begun["id"])
        listener = Listener(replay.endpoint_id, replay.owner, frozenset())
        replays.post(replay, messages_of(facts[:120], [listener]))
    with wiring.database.transaction() as session:
        feed_webhooks(facts[120:130], SqlMailbox(session))
    (lane,) = wiring.webhooks.lanes().lease(healthy=10, failing=10)
    order = [json.loads(each.body)["data"]["profile_id"] for each in lane.pending]
    assert order == [f"p{number}" for number in (*range(120, 130), *range(40))]
    wiring.database.dispose()


def test_a_replay_waits_for_what_was_accepted_and_is_not_recorded_yet(
    settings: EventsSettings, partner: Partner
) -> None:
    quick, path = settings.model_copy(update=IMPATIENT), f"/unrecorded/{new_id()}"
    names = [f"n{number}" for number in range(20)]
    with events_service(quick, worker=False) as desk:
        endpoint = make(desk, partner.url(path), event_types=["segment.entered"])
        track(desk, *names)
        wanted = {"since": ago(hours=1), "event_types": ["touchpoint.recorded"]}
        begun = desk.post(f"{endpoint}/replays", json=wanted).json()
        wiring = Wiring(quick)
        wiring.bus.create_topics(ALL)
        (replay,) = wait_until(lambda: wiring.replays.in_need(1), bool)
        assert wiring.replays.open(replay) is None
        (replay,) = wiring.replays.in_need(1)
        assert replay.stretches is None, "it does not know yet how far it has to read"
        wiring.replays.leave()
        wiring.close()
        wiring.database.dispose()
        where = f"{endpoint}/replays/{begun['id']}"
        with running_worker(quick):
            done = wait_until(lambda: desk.get(where), lambda seen: seen["deliveries"]["delivered"] == len(names), 40)
    assert (done["state"], done["facts_read"]) == ("done", len(names))
    assert names_at(partner, path) == names


def test_a_canceled_replay_sends_nothing_more_and_leaves_what_was_delivered(
    settings: EventsSettings, partner: Partner
) -> None:
    quick = settings.model_copy(update=IMPATIENT)
    path = f"/canceled/{new_id()}"
    with events_service(quick) as hub:
        endpoint = make(hub, partner.url(path))
        track(hub, "a", "b")
        wait_until(lambda: hub.get(f"{endpoint}/deliveries?state=delivered")["data"], lambda seen: len(seen) == 2)
    with events_service(quick, worker=False) as desk:
        begun = desk.post(f"{endpoint}/replays", json={"since": ago(hours=1)}).json()
        again = desk.post(f"{endpoint}/replays", json={"since": ago(hours=1)})
        assert (again.status_code, again.json()["code"]) == (409, "replay_running")
        wiring = Wiring(quick)
        for _ in range(2):
            for replay in wait_until(lambda: wiring.replays.in_need(1), bool):
                if (past := wiring.replays.open(replay)) is not None:
                    chunk = wait_until(past.read, bool)
                    past.close()
                    assert wiring.replays.feed(replay, chunk)
                    assert not wiring.replays.feed(replay, chunk), "a chunk is taken once"
        wiring.replays.leave()
        where = f"{endpoint}/replays/{begun['id']}"
        assert desk.get(where)["deliveries"]["pending"] == 2
        canceled = desk.post(f"{where}/cancel").json()
        assert canceled["deliveries"] == {"pending": 0, "delivered": 2, "failed": 0, "canceled": 0}
        assert [each["id"] for each in desk.get(f"{endpoint}/replays")["data"]] == [begun["id"]]
        wiring.close()
        wiring.database.dispose()
    assert len(partner.at(path)) == 2


def test_a_replay_is_refused_or_hidden_where_it_must_be(desk: Events, partner: Partner) -> None:
    scopes = {"name": "partner", "scopes": ["webhooks:*"]}
    mine, other = (
        {"Authorization": f"Bearer {desk.post('/v1/api-keys', json=scopes).json()['key']}"} for _ in range(2)
    )
    made = desk.post("/v1/webhook-endpoints", json={"url": partner.url("/ok")}, headers=mine).json()
    path = f"/v1/webhook-endpoints/{made['id']}/replays"
    for body in ({"since": ago(days=8)}, {"since": ago(hours=-1)}, {"since": ago(hours=1), "until": ago(hours=2)}):
        refused = desk.post(path, json=body, headers=mine)
        assert (refused.status_code, refused.json()["code"]) == (422, "window_refused"), body
    assert desk.post(path, json={"since": ago(hours=1)}, headers=other).status_code == 404
    keyed = mine | {"Idempotency-Key": "k"}
    body = {"since": ago(hours=1)}
    first, second = (desk.post(path, json=body, headers=keyed) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, second.json()["id"])
    where = f"{path}/{first.json()['id']}"
    assert [desk.http.get(where, headers=who).status_code for who in (mine, other)] == [200, 404]
    assert desk.http.get(path, headers=other).status_code == 404
    assert desk.post(f"{where}/cancel", headers=other).status_code == 404
    assert desk.post(f"{where}/cancel", headers=mine).json()["state"] == "canceled"
    assert desk.post(path, json=body, headers=mine).status_code == 202
    assert desk.http.delete(f"/v1/webhook-endpoints/{made['id']}", headers=mine).status_code == 204
