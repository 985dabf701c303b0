"""Erasing customers, on both databases, whatever the order in which facts arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.profile.api.app import create_app
from services.profile.bootstrap import Wiring
from services.profile.domain.errors import ProfileNotFound
from services.profile.domain.identifiers import Identifier
from shared.clock import utc_now
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import ProfileErasedV1, SegmentLeftV1
from shared.contracts.scoring import ScoreComputedV1
from shared.sql.plumbing import erased_names
from tests.integration.profile.conftest import KEY
from tests.integration.profile.scenes import bought, clear, everybody, feed, known_as, of_type, told, touchpoint
from tests.support.search import places_of

JANE = {"email": "Jane@Example.com", "phone": "+886 912 345 678", "first_name": "Janette"}
WORDS = ("jane", "+886912345678", "janette", "tablet", "o-77", "Teapot", "crm-4711")
EXTERNAL = {"externalIds": [{"type": "crm", "id": "crm-4711", "collection": "users"}]}


@pytest.fixture
def client(wiring: Wiring) -> Iterator[TestClient]:
    with TestClient(create_app(wiring.settings), headers={"Authorization": f"Bearer {KEY}"}) as made:
        yield made


def meet_jane(wiring: Wiring) -> str:
    """A customer in every table: merged, with history, orders, scores and a refused tie. Her profile's id."""
    feed(wiring, said("page", anonymous_id="tablet"))
    feed(wiring, said("identify", user_id="jane-1", traits=JANE | {"first_name": "J."}, context=EXTERNAL))
    feed(wiring, said("identify", user_id="jane-1", anonymous_id="tablet", traits=JANE))
    feed(wiring, said("identify", user_id="other", traits={"city": "Leeds"}, context=EXTERNAL))
    feed(wiring, said(user_id="jane-1", order=bought("o-77", 125000)))
    jane = known_as(wiring, "user_id", "jane-1").profile.profile_id
    feed(wiring, score(jane, 1.0))
    told(wiring)
    return jane


def said(kind: str = "track", *, ago: timedelta = timedelta(minutes=5), **fields: Any) -> TouchpointRecordedV1:
    at = utc_now() - ago
    return touchpoint(kind, **({"occurred_at": at, "received_at": at} | fields))


def score(profile_id: str, value: float) -> ScoreComputedV1:
    now = utc_now()
    return ScoreComputedV1(
        profile_id=profile_id, model="rfm", model_version="1", run_id="r", value=value, as_of=now, computed_at=now
    )


def erase(client: TestClient, profile_id: str) -> httpx.Response:
    return client.delete(f"/v1/profiles/{profile_id}")


def test_nothing_is_left_of_an_erased_customer_and_everybody_is_told(wiring: Wiring, client: TestClient) -> None:
    jane = meet_jane(wiring)
    made = client.post("/v1/segments", json={"name": "All", "definition": {"type": "last_purchase", "within_days": 30}})
    assert made.status_code == 201, made.text
    merged_from = client.get(f"/v1/profiles/{jane}").json()["merged_from"]
    assert places_of(("jane",), wiring.database)
    answer = erase(client, merged_from[0] if merged_from else jane)
    assert answer.status_code == 202
    assert places_of((*WORDS, jane, *merged_from), wiring.database, apart_from=["outbox"]) == set()
    facts = told(wiring)
    (erased,) = of_type(facts, ProfileErasedV1)
    assert (erased.profile_id, erased.subjects) == (jane, ("anonymous_id:tablet", "user_id:jane-1"))
    assert list(erased.merged_profile_ids) == merged_from
    assert erased.erasure_id == answer.json()["id"]
    assert {left.profile_id for left in of_type(facts, SegmentLeftV1)} <= {jane}
    assert facts[-1] == erased
    assert known_as(wiring, "user_id", "other").profile.profile_id != jane


def test_erasing_twice_is_one_erasure_and_a_stranger_is_not_found(wiring: Wiring, client: TestClient) -> None:
    jane = meet_jane(wiring)
    first = client.delete("/v1/profiles/lookup", params={"kind": "email", "value": " JANE@example.com"})
    assert first.status_code == 202
    assert first.json()["requested_by"] == "development"
    assert erase(client, jane).json() == first.json()
    again = client.delete("/v1/profiles/lookup", params={"kind": "user_id", "value": "jane-1"})
    assert again.json() == first.json()
    assert of_type(told(wiring), ProfileErasedV1)
    assert erase(client, jane).status_code == 202
    assert told(wiring) == []
    assert client.get("/v1/erasures").json()["data"] == [first.json()]
    assert client.get(f"/v1/erasures/{first.json()['id']}").json() == first.json()
    for missing in (
        erase(client, "0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"),
        client.delete("/v1/profiles/lookup", params={"kind": "user_id", "value": "nobody"}),
        client.get("/v1/erasures/0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"),
    ):
        assert missing.status_code == 404
    made = client.post("/v1/api-keys", json={"name": "x", "scopes": ["profiles:write"]}).json()
    refused = client.delete(f"/v1/profiles/{jane}", headers={"Authorization": f"Bearer {made['key']}"})
    assert refused.status_code == 403


def test_what_was_on_its_way_brings_nobody_back_and_what_comes_later_is_somebody_new(
    wiring: Wiring, client: TestClient
) -> None:
    jane = meet_jane(wiring)
    late = said("identify", user_id="jane-1", anonymous_id="phone-9", traits=JANE)
    by_address = said("identify", anonymous_id="kiosk", traits=JANE)
    erasure = erase(client, jane).json()
    told(wiring)
    facts = feed(wiring, late, by_address, said("page", anonymous_id="tablet"), said("page", anonymous_id="kiosk"))
    assert [profile.profile.identified for profile in everybody(wiring)] == [True]  # the other one
    told_of = of_type(facts, ProfileErasedV1)
    assert [(each.erasure_id, each.subjects) for each in told_of] == [
        (erasure["id"], ("anonymous_id:phone-9",)),
        (erasure["id"], ("anonymous_id:kiosk",)),
    ]
    assert places_of((*WORDS, "phone-9", "kiosk"), wiring.database, apart_from=["outbox"]) == set()
    again = said("identify", user_id="jane-1", traits={"city": "Taipei"}, ago=timedelta(0))
    feed(wiring, again, late)
    new = known_as(wiring, "user_id", "jane-1")
    assert new.profile.profile_id != jane
    assert [trait.value for trait in new.traits] == ["Taipei"]
    assert erase(client, new.profile.profile_id).json()["id"] != erasure["id"]
    assert erase(client, jane).json() == erasure


MOMENTS = st.sampled_from(["before", "after"])
NAMES = st.sampled_from(
    [{"user_id": "jane"}, {"anonymous_id": "tablet"}, {"user_id": "jane", "anonymous_id": "tablet"}]
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_in_any_order_only_what_was_received_after_the_erasure_is_left(wiring: Wiring, data: st.DataObject) -> None:
    with wiring.database.transaction() as session:
        clear(session)
        session.execute(erased_names.delete())
    moment = utc_now()
    feed(wiring, touchpoint("identify", user_id="jane", anonymous_id="tablet", received_at=moment - timedelta(hours=9)))
    calls = []
    for number, (when, names) in enumerate(data.draw(st.lists(st.tuples(MOMENTS, NAMES), max_size=6))):
        received = moment + timedelta(hours=number + 1 if when == "after" else -number - 1)
        calls.append(touchpoint("identify", received_at=received, traits={when: number}, **names))
    arriving = data.draw(st.permutations(calls * 2))
    for call in arriving[: data.draw(st.integers(0, len(arriving)))]:
        if call.received_at <= moment:
            feed(wiring, call)
    with wiring.writing() as (_, work):
        erasing = type(wiring.erase_profile)(clock=lambda: moment, new_id=wiring.erase_profile.new_id)
        erasing(work, Identifier("user_id", "jane"), requested_by="test")
    for call in arriving:
        feed(wiring, call)
    kept = {trait.key for whole in everybody(wiring) for trait in whole.traits}
    assert kept <= {"after"}
    expected = {call.traits["after"] for call in calls if "after" in call.traits}
    assert bool(kept) == bool(expected)


def test_a_late_score_of_an_erased_profile_is_nothing(wiring: Wiring, client: TestClient) -> None:
    jane = meet_jane(wiring)
    erase(client, jane)
    feed(
        wiring,
        ScoreComputedV1(
            profile_id=jane,
            model="rfm",
            model_version="1",
            run_id="r",
            value=2.0,
            as_of=utc_now(),
            computed_at=utc_now(),
        ),
    )
    assert places_of((jane,), wiring.database, apart_from=["outbox"]) == set()
    with pytest.raises(ProfileNotFound):
        known_as(wiring, "user_id", "jane-1")
