"""Scopes that there are, keys that share an owner, and what is done when the last of them is revoked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import httpx
import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from shared.auth.access import Requires
from shared.auth.keys import ApiKey, create_key, revoke_key, sha256_of
from shared.clock import utc_now
from shared.http.app import Extras, build_app
from shared.http.strict_json import StrictRoute
from shared.settings import ServiceSettings
from shared.sql.database import Database

ADMIN = "rk_an_administrators_key"
SCOPES = [
    "*", "api-keys:*", "api-keys:write", "calls:*", "calls:write", "dead-letters:*", "dead-letters:read",
    "dead-letters:write", "things:*", "things:read",
]  # fmt: skip


@pytest.fixture
def left() -> list[str]:
    """The owners whose last key was revoked."""
    return []


@pytest.fixture
def client(database: Database, left: list[str]) -> Iterator[TestClient]:
    router = APIRouter(route_class=StrictRoute)

    @router.get("/v1/things", dependencies=[Requires("things:read")])
    def things() -> list[str]:
        return []

    app = build_app(
        SimpleNamespace(database=database, settings=ServiceSettings(admin_key_sha256=sha256_of(ADMIN))),
        name="toy",
        description="A toy.",
        routers=[router],
        problems={},
        extras=Extras(
            further_scopes=("calls:write",),
            owner_left=lambda _session, owner: left.append(owner),
        ),
    )
    with TestClient(app, headers=bearer(ADMIN)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def ask(client: TestClient, *scopes: str, owner: str | None = None, key: str = ADMIN) -> httpx.Response:
    body = {"name": "x", "scopes": scopes, "owner": owner}
    return client.post("/v1/api-keys", json=body, headers=bearer(key))


def test_a_scope_that_does_not_exist_is_refused_with_those_that_do(client: TestClient) -> None:
    answer = ask(client, "things:read", "things:write", "*", "tings:read")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [flaw["where"] for flaw in answer.json()["errors"]] == ["/scopes/1", "/scopes/3"]
    assert ", ".join(SCOPES) in answer.json()["errors"][0]["detail"]
    assert client.get("/v1/api-keys").json()["data"] == []


def test_every_scope_of_the_document_can_be_granted(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["NewApiKey"]["properties"]["scopes"]["items"]["enum"] == SCOPES
    made = ask(client, *SCOPES, SCOPES[1])
    assert (made.status_code, made.json()["scopes"]) == (201, SCOPES)


def test_a_stored_key_with_an_odd_scope_goes_on(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        _, text = create_key(session, name="old", scopes=["cases:read", "things:read"], clock=utc_now)
    assert client.get("/v1/things", headers=bearer(text)).status_code == 200
    assert client.get("/v1/api-keys").json()["data"][0]["scopes"] == ["cases:read", "things:read"]


def test_keys_that_take_each_others_place_have_one_owner_until_the_last_is_revoked(
    client: TestClient, left: list[str]
) -> None:
    first = ask(client, "things:read").json()
    second = ask(client, "things:read", owner=first["id"]).json()
    third = ask(client, "things:read", owner=second["id"]).json()
    assert {key["owner"] for key in (first, second, third)} == {first["id"]}
    stranger = ask(client, "things:read").json()
    for key in (first, second, first):
        assert client.delete(f"/v1/api-keys/{key['id']}").status_code == 204
        assert left == []
    for _ in range(2):
        assert client.delete(f"/v1/api-keys/{third['id']}").status_code == 204
        assert left == [first["id"]]
    again = ask(client, "things:read", owner=first["id"]).json()
    assert again["owner"] == first["id"]
    assert client.delete(f"/v1/api-keys/{stranger['id']}").status_code == 204
    assert left == [first["id"], stranger["id"]]


def test_of_two_keys_that_are_revoked_at_once_one_is_the_last(database: Database) -> None:
    for _ in range(10):
        with database.transaction() as session:
            first, _text = create_key(session, name="a", scopes=["*"], clock=utc_now)
            second, _text = create_key(session, name="b", scopes=["*"], owner=first.id, clock=utc_now)
        together = Barrier(2)

        def revoke(key: ApiKey, together: Barrier = together) -> bool:
            together.wait(10)
            with database.transaction() as session:
                return revoke_key(session, key, clock=utc_now)

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(revoke, (first, second))) == [False, True]


def test_a_key_of_before_there_were_owners_is_its_own(client: TestClient, database: Database) -> None:
    made = ask(client, "things:read").json()
    with database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE api_keys SET owner = NULL")
    assert client.get("/v1/api-keys").json()["data"][0]["owner"] == made["id"]
    assert ask(client, "things:read", owner=made["id"]).json()["owner"] == made["id"]


def test_only_an_administrator_gives_a_key_to_another_owner(client: TestClient) -> None:
    clerk = ask(client, "api-keys:write").json()
    other = ask(client, "things:read").json()
    for owner in (other["id"], "0"):
        refused = ask(client, "api-keys:write", owner=owner, key=clerk["key"])
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    own = ask(client, "api-keys:write", owner=clerk["id"], key=clerk["key"])
    assert (own.status_code, own.json()["owner"]) == (201, clerk["id"])
    unknown = ask(client, "things:read", owner="0")
    assert (unknown.status_code, unknown.json()["errors"][0]["where"]) == (404, "/owner")


def test_a_key_cannot_revoke_one_that_may_do_more(client: TestClient, left: list[str]) -> None:
    administrator = ask(client, "*").json()
    manager = ask(client, "api-keys:write", "things:read").json()
    reader = ask(client, "things:read").json()
    as_manager = bearer(manager["key"])
    refused = client.delete(f"/v1/api-keys/{administrator['id']}", headers=as_manager)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert client.get("/v1/things", headers=bearer(administrator["key"])).status_code == 200
    assert client.delete(f"/v1/api-keys/{reader['id']}", headers=as_manager).status_code == 204
    colleague = ask(client, "things:*", owner=manager["id"]).json()
    assert client.delete(f"/v1/api-keys/{colleague['id']}", headers=as_manager).status_code == 204
    assert left == [reader["owner"]]
