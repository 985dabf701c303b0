"""Looking into a dead letter."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.auth.keys import sha256_of
from shared.bus.cloudevents import Event
from shared.clock import utc_now
from shared.http.app import build_app
from shared.inbox.dead_letters import DeadLetters
from shared.settings import ServiceSettings
from shared.sql.database import Database

ADMIN = {"Authorization": "Bearer rk_an_administrators_key"}


@pytest.fixture
def client(database: Database) -> TestClient:
    settings = ServiceSettings(admin_key_sha256=sha256_of("rk_an_administrators_key"))
    wiring = SimpleNamespace(database=database, settings=settings)
    app = build_app(wiring, name="toy", description="", routers=[], problems={})
    return TestClient(app, headers=ADMIN)


def keep(database: Database, dead_letters: DeadLetters, data: bytes) -> None:
    event = Event("e-1", "shop", "order.paid", utc_now(), data, subject="user_id:7")
    with database.transaction() as session:
        dead_letters.add(session, event, consumer="c", topic="touchpoints", reason="no number", attempts=3)


@pytest.mark.parametrize(
    ("data", "encoding", "shown"),
    [
        ('{"name": "林", "lines": [12.5, null]}'.encode(), "json", {"name": "林", "lines": [12.5, None]}),
        (b"", "text", ""),
        ('{"name": "林"'.encode(), "text", '{"name": "林"'),
        (b"[" * 100_000, "text", "[" * 100_000),
        (b'{"total": 1e999}', "text", '{"total": 1e999}'),
        (b"\xff\x00", "base64", "/wA="),
    ],
    ids=["json", "nothing", "cut off", "deep", "too large a number", "bytes"],
)  # fmt: skip
def test_a_dead_letter_shows_what_is_in_it_and_why_it_failed(
    client: TestClient, database: Database, dead_letters: DeadLetters, data: bytes, encoding: str, shown: Any
) -> None:
    keep(database, dead_letters, data)
    (listed,) = client.get("/v1/dead-letters").json()["data"]
    answer = client.get(f"/v1/dead-letters/{listed['id']}")
    assert answer.headers["cache-control"] == "no-store"
    letter = answer.json()
    event = letter.pop("event")
    assert letter == listed
    assert (letter["reason"], letter["attempts"], letter["state"]) == ("no number", 3, "dead")
    assert (event["encoding"], event["data"]) == (encoding, shown)
    assert (event["source"], event["type"], event["subject"]) == ("shop", "order.paid", "user_id:7")


def test_what_is_in_it_takes_the_scope_that_has_it_handled_again(
    client: TestClient, database: Database, dead_letters: DeadLetters
) -> None:
    keep(database, dead_letters, b"{}")
    (listed,) = client.get("/v1/dead-letters").json()["data"]
    statuses = []
    for scope in ("dead-letters:read", "dead-letters:write"):
        made = client.post("/v1/api-keys", json={"name": "x", "scopes": [scope]}).json()
        reader = {"Authorization": f"Bearer {made['key']}"}
        statuses.append(client.get(f"/v1/dead-letters/{listed['id']}", headers=reader).status_code)
    assert statuses == [403, 200]


def test_what_is_no_dead_letter_is_not_found(client: TestClient) -> None:
    answer = client.get("/v1/dead-letters/0193b3a0-0000-7000-8000-000000000001")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get("/v1/dead-letters/0").status_code == 404
    wrong = client.get("/v1/dead-letters/replay")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
