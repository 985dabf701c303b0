"""Profile over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.profile.api.app import create_app
from services.profile.api.problems import PROBLEMS
from services.profile.bootstrap import Wiring
from services.profile.domain import errors
from services.profile.settings import ProfileSettings
from services.profile.workers.segments import SegmentLoop
from shared.clock import utc_now
from shared.sql.leases import Lease

from .conftest import KEY
from .scenes import bought, feed, touchpoint

IN_TAIPEI = {"type": "trait", "key": "city", "operator": "equals", "value": "Taipei"}
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def client(settings: ProfileSettings, wiring: Wiring) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as opened:
        yield opened


@pytest.fixture
def jane(wiring: Wiring, client: TestClient) -> dict[str, Any]:
    traits = {"email": "Jane@Example.com", "phone": "+886 912 345 678", "city": "Taipei"}
    feed(wiring, touchpoint("identify", user_id="jane", anonymous_id="tablet", traits=traits))
    feed(wiring, touchpoint(user_id="jane", order=bought("1", 125000), hours=1))
    return dict(client.get("/v1/profiles/lookup", params={"kind": "user_id", "value": "jane"}).json())


def fill(wiring: Wiring) -> None:
    SegmentLoop(
        database=wiring.database,
        outbox=wiring.outbox,
        work=wiring.work,
        refresh=wiring.refresh_segment,
        lease=Lease(wiring.database, "profile-segments"),
        every=timedelta(days=1),
        clock=utc_now,
    ).refresh_due()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("anonymous_id", "tablet"),
        ("email", " JANE@example.com"),
        ("phone", "+886912345678"),
        ("phone", " 886912345678"),
        ("phone", "0912-345-678"),
    ],
)
def test_anybody_is_found_under_any_name(client: TestClient, jane: dict[str, Any], kind: str, value: str) -> None:
    found = client.get("/v1/profiles/lookup", params={"kind": kind, "value": value, "region": "TW"})
    assert found.json()["id"] == jane["id"]
    assert found.headers["etag"].startswith('"2.')


def test_a_profile_is_shown_with_where_it_is_known_from(jane: dict[str, Any]) -> None:
    assert jane["identified"]
    assert jane["purchases"]["spent_minor"] == {"TWD": 125000}
    (city,) = [trait for trait in jane["traits"] if trait["key"] == "city"]
    assert (city["value"], city["source_id"]) == ("Taipei", "web")
    assert len(city["touchpoint_id"]) == 36


def test_profiles_are_listed_in_pages(client: TestClient, wiring: Wiring) -> None:
    feed(wiring, *(touchpoint(user_id=f"u{number}") for number in range(5)), touchpoint(anonymous_id="a"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 2, "identified": True} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/profiles", params=params).json()
        seen += [profile["id"] for profile in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_traits_are_set_once_the_version_is_right(client: TestClient, jane: dict[str, Any]) -> None:
    path = f"/v1/profiles/{jane['id']}/traits"
    body = {"traits": {"city": None, "nickname": "小珍"}}
    assert client.patch(path, json=body, headers={"If-Match": '"1"'}).status_code == 412
    changed = client.patch(path, json=body, headers={"If-Match": f'"{jane["version"]}"'})
    assert changed.status_code == 200
    assert changed.headers["etag"] == f'"{jane["version"] + 1}"'
    traits = {trait["key"]: trait for trait in changed.json()["traits"]}
    assert "city" not in traits
    assert (traits["nickname"]["value"], traits["nickname"]["source_id"]) == ("小珍", "api")
    first = client.get(path, params={"history": True, "key": "city", "limit": 1}).json()
    assert [trait["value"] for trait in first["data"]] == [None]
    then = client.get(path, params={"history": True, "key": "city", "cursor": first["next_cursor"]}).json()
    assert [trait["value"] for trait in then["data"]] == ["Taipei"]
    assert then["next_cursor"] is None


def test_traits_are_kept_as_they_are_set(client: TestClient, jane: dict[str, Any]) -> None:
    set_here = {" ": "nobody's name", "city ": " Taipei ", "city": {" a ": [" b "]}}
    changed = client.patch(f"/v1/profiles/{jane['id']}/traits", json={"traits": set_here})
    assert changed.status_code == 200, changed.text
    traits = {trait["key"]: trait["value"] for trait in changed.json()["traits"]}
    assert {key: traits[key] for key in set_here} == set_here


def test_traits_are_listed_in_pages_by_key(client: TestClient, jane: dict[str, Any]) -> None:
    path = f"/v1/profiles/{jane['id']}/traits"
    whole = client.get(path).json()
    keys = [trait["key"] for trait in whole["data"]]
    assert (keys, whole["next_cursor"]) == (sorted(keys), None)
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        page = client.get(path, params=query).json()
        assert len(page["data"]) == 1
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == whole["data"]
    assert client.get(path, params=query | {"history": True}).json()["code"] == "invalid_cursor"
    assert [trait["key"] for trait in client.get(path, params={"key": keys[-1]}).json()["data"]] == keys[-1:]


def test_segments_of_a_profile_are_listed_in_pages(client: TestClient, wiring: Wiring, jane: dict[str, Any]) -> None:
    names = ["one", "two", "three"]
    for name in names:
        client.post("/v1/segments", json={"name": name, "definition": IN_TAIPEI})
    fill(wiring)
    path = f"/v1/profiles/{jane['id']}/segments"
    first = client.get(path, params={"limit": 2}).json()
    rest = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["name"] for each in first["data"] + rest["data"]] == names
    assert rest["next_cursor"] is None


def test_an_address_set_by_hand_becomes_a_name_but_never_merges(
    client: TestClient, wiring: Wiring, jane: dict[str, Any]
) -> None:
    feed(wiring, touchpoint("identify", anonymous_id="x", traits={"email": "taken@example.com"}))
    path = f"/v1/profiles/{jane['id']}/traits"
    taken = client.patch(path, json={"traits": {"email": "taken@example.com"}}).json()
    assert "taken@example.com" not in {name["value"] for name in taken["identifiers"]}
    free = client.patch(path, json={"traits": {"email": "free@example.com"}}).json()
    assert "free@example.com" in {name["value"] for name in free["identifiers"]}
    assert client.get("/v1/summary").json()["merges"] == 0


def test_a_segment_from_making_to_end(client: TestClient, wiring: Wiring, jane: dict[str, Any]) -> None:
    draft = {"name": "Taipei", "definition": IN_TAIPEI}
    made = client.post("/v1/segments", json=draft, headers={"Idempotency-Key": "k1"})
    again = client.post("/v1/segments", json=draft, headers={"Idempotency-Key": "k1"})
    assert (made.status_code, made.json()) == (201, again.json())
    path = f"/v1/segments/{made.json()['id']}"
    fill(wiring)
    ready = client.get(path)
    assert (ready.json()["state"], ready.json()["size"]) == ("ready", 1)
    assert ready.headers["etag"].startswith('"1.')
    assert [member["profile_id"] for member in client.get(f"{path}/members").json()["data"]] == [jane["id"]]
    belongs = client.get(f"/v1/profiles/{jane['id']}/segments").json()["data"]
    assert [each["name"] for each in belongs] == ["Taipei"]
    changed = client.put(path, json={**draft, "name": "Capital"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed.json()["state"]) == (200, "Capital", "computing")
    assert client.put(path, json=draft, headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/v1/segments").json()["data"] == []


def test_a_definition_that_contradicts_itself_is_refused_wherever_it_is_written(
    client: TestClient, jane: dict[str, Any]
) -> None:
    spring = {"type": "purchases", "measure": "orders", "operator": "gte", "value": 1}
    backwards = {**spring, "between": {"from": "2026-05-31", "to": "2026-03-01"}}
    draft = {"name": "Spring in Taipei", "definition": {"type": "and", "conditions": [IN_TAIPEI, backwards]}}
    path = f"/v1/segments/{client.post('/v1/segments', json={**draft, 'definition': IN_TAIPEI}).json()['id']}"
    for answer in (
        client.post("/v1/segments", json=draft),
        client.put(path, json=draft),
        client.post("/v1/segments/preview", json={"definition": draft["definition"]}),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "invalid_definition")
        (flaw,) = problem["errors"]
        assert flaw["where"] == "/definition/conditions/1/between"
        assert problem["detail"] == f"{flaw['where']}: {flaw['detail']}"
        assert "the earlier time is `from`" in flaw["detail"]
    assert [each["version"] for each in client.get("/v1/segments").json()["data"]] == [1]


@pytest.mark.parametrize(
    ("flawed", "where", "says"),
    [
        ({**IN_TAIPEI, "operator": "equal"}, "/operator", "did you mean equals? there are equals, not_equals, in"),
        ({"type": "trait", "key": "city"}, "/operator", "needed; there are equals"),
        ({**IN_TAIPEI, "type": "consent"}, "/type", "there are and, or, not, last_purchase, trait, score, purchases"),
        ({**IN_TAIPEI, "valeu": "Taipei"}, "/valeu", "did you mean value? there are type, key, operator, value"),
        ({**IN_TAIPEI, "operator": "gt"}, "/value", "must be a number, written without quotes"),
        ({**IN_TAIPEI, "value": ["Taipei"]}, "/value", "must be one value"),
        ({**IN_TAIPEI, "operator": "before"}, "/value", "such as 2026-01-31"),
        ({"type": "last_purchase", "within_days": -1}, "/within_days", "a number of days from 0"),
        ({"type": "purchases", "measure": "income", "operator": "gt", "value": 1}, "/measure", "there are orders"),
        ({"type": "purchases", "measure": "orders", "operator": "gt", "value": 1.5}, "/value", "a whole number"),
        ("Taipei", "", "must be a condition"),
    ],
)
def test_a_wrong_definition_is_told_where_and_what_would_be_right(
    client: TestClient, flawed: Any, where: str, says: str
) -> None:
    definition = {"type": "and", "conditions": [IN_TAIPEI, {"type": "not", "condition": flawed}]}
    answer = client.post("/v1/segments/preview", json={"definition": definition})
    assert answer.status_code == 422
    (flaw,) = answer.json()["errors"]
    assert flaw["where"] == f"/definition/conditions/1/condition{where}"
    assert says in flaw["detail"]


def test_a_preview_keeps_nothing(client: TestClient, jane: dict[str, Any]) -> None:
    preview = client.post("/v1/segments/preview", json={"definition": IN_TAIPEI}).json()
    assert (preview["size"], preview["sample"]) == (1, [jane["id"]])
    assert client.get("/v1/summary").json()["segments"] == 0


def test_the_summary_adds_up(client: TestClient, jane: dict[str, Any]) -> None:
    summary = client.get("/v1/summary").json()
    assert summary["identifiers"] == {"anonymous_id": 1, "email": 1, "phone": 1, "user_id": 1}
    assert (summary["profiles"], summary["identified"], summary["anonymous"]) == (1, 1, 0)
    assert summary["orders"]["spent_minor"] == {"TWD": 125000}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"/v1/profiles/{NOBODY}", None, 404, "profile_not_found"),
        ("GET", "/v1/profiles/1", None, 422, "invalid_request"),
        ("GET", "/v1/profiles/lookup?kind=email&value=x@y.z", None, 404, "profile_not_found"),
        ("GET", "/v1/profiles/lookup?kind=email&value=jane", None, 404, "profile_not_found"),
        ("GET", "/v1/profiles/lookup?kind=user_id&value=%00", None, 400, "invalid_address"),
        ("GET", "/v1/profiles?cursor=abc", None, 400, "invalid_cursor"),
        ("PATCH", f"/v1/profiles/{NOBODY}/traits", {"traits": {"a": 1}}, 404, "profile_not_found"),
        ("PATCH", f"/v1/profiles/{NOBODY}/traits", {"traits": {}}, 422, "invalid_request"),
        ("GET", f"/v1/segments/{NOBODY}", None, 404, "segment_not_found"),
        ("DELETE", f"/v1/segments/{NOBODY}", None, 404, "segment_not_found"),
        ("POST", "/v1/segments", {"name": "s", "definition": {"type": "trait"}}, 422, "invalid_request"),
        ("POST", "/v1/segments", {"name": "s", "definition": IN_TAIPEI, "more": 1}, 422, "invalid_request"),
        (
            "POST",
            "/v1/segments",
            {"name": "s", "definition": {**IN_TAIPEI, "operator": "before", "value": "2026-02-31"}},
            422,
            "invalid_definition",
        ),
    ],
)
def test_refusals_are_problems(client: TestClient, method: str, path: str, body: Any, status: int, code: str) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_domain_error_has_its_problem() -> None:
    named = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ProfileError)}
    assert named - {errors.ProfileError} == set(PROBLEMS)


def test_without_a_key_nothing_is_shown(settings: ProfileSettings, wiring: Wiring) -> None:
    with TestClient(create_app(settings)) as anonymous:
        for path in ("/v1/profiles", "/v1/segments", "/v1/summary"):
            assert anonymous.get(path).status_code == 401
