"""Canaries: secrets that pass through the services and must stay out of logs and dead letters."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest

from shared.bus.opening import open_bus
from shared.contracts.topics import ALL
from tests.support.mail_sink import PASSWORD
from tests.support.suite import API_KEY, SERVICES, WRITE_KEY, Suite

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def unwelcome(suite: Suite) -> list[str]:
    """Use secrets in every wrong way, and return them: keys as users, in bodies, in addresses and in headers."""
    secrets = [f"{prefix}_canary_{number}" for number, prefix in enumerate(("rk", "rk", "wk", "wk", "wk", "wk"))]
    header, query, in_call, in_batch, as_user, in_path = secrets
    for service in SERVICES:
        with httpx.Client(base_url=suite.url(service)) as client:
            client.get("/v1/summary", headers={"Authorization": f"Bearer {header}"})
            client.get("/v1/summary", params={"key": query, "writeKey": query})
            client.post("/v1/api-keys", headers={"Authorization": f"Bearer {header}"}, content=header)
    with httpx.Client(base_url=suite.url("events")) as client:
        client.post("/v1/track", json={"writeKey": in_call, "userId": "u", "event": "e"})
        client.post("/v1/batch", json={"writeKey": in_batch, "batch": [{"type": "no such type"}]})
        client.post("/v1/batch", auth=(as_user, ""), content=b"{")
        client.get(f"/v1/projects/{in_path}/settings")
    with httpx.Client(base_url=suite.url("messaging")) as client:
        client.get(f"/u/{in_path}")
    return secrets


def handed_out(suite: Suite) -> list[str]:
    """Keys that the services make and show once."""
    with suite.client("profile") as profile, suite.client("events") as events:
        key = profile.post("/v1/api-keys", json={"name": "canary", "scopes": ["profiles:read"]}).json()["key"]
        write_key = events.post("/v1/sources", json={"name": "canary"}).json()["write_key"]
        events.post("/v1/track", json={"writeKey": write_key, "userId": "canary", "event": "Seen"})
        assert events.get(f"/v1/projects/{write_key}/settings").status_code == 200
    return [key, write_key]


def dead_letters_hold(directory: Path, secret: str) -> bool:
    """Whether any dead letter of any service has the secret in it."""
    for service in SERVICES:
        with sqlite3.connect(directory / f"{service}.db") as database:
            rows = database.execute("SELECT record, reason FROM dead_letters").fetchall()
        database.close()
        if any(secret.encode() in record or secret in reason for record, reason in rows):
            return True
    return False


def states(client: httpx.Client) -> set[str]:
    """Of the dead letters of one service."""
    return {letter["state"] for letter in client.get("/v1/dead-letters").json()["data"]}


def spoil_a_call(suite: Suite) -> None:
    """Make one call that carries the write key in its body a dead letter of events."""
    with sqlite3.connect(suite.directory / "events.db", timeout=30, isolation_level=None) as database:
        database.execute(
            "CREATE TRIGGER spoiled BEFORE INSERT ON touchpoints BEGIN SELECT RAISE(ABORT, 'spoiled'); END"
        )
        with suite.client("events") as client:
            call = {"writeKey": WRITE_KEY, "userId": "canary", "event": "Spoiled", "messageId": "spoiled"}
            assert httpx.post(f"{suite.url('events')}/v1/track", json=call).status_code == 200
            suite.wait_for(lambda: "dead" in states(client), "a dead letter of events")
            database.execute("DROP TRIGGER spoiled")
            assert client.post("/v1/dead-letters/replay").json()["requested"] >= 1
            suite.wait_for(lambda: states(client) == {"replayed"}, "the replay")
    database.close()


def test_secrets_are_in_no_log_and_no_dead_letter(suite: Suite) -> None:
    secrets = [API_KEY, WRITE_KEY, PASSWORD, *unwelcome(suite), *handed_out(suite)]
    spoil_a_call(suite)
    logs = {name: suite.log(name) for name in suite.names}
    logged = [(name, secret) for name, log in logs.items() for secret in secrets if secret in log]
    assert logged == []
    assert [secret for secret in secrets if dead_letters_hold(suite.directory, secret)] == []
    bus = open_bus(suite.bus_url)
    ends = bus.end_positions([topic.name for topic in ALL if topic.name.endswith(".dead-letter")])
    bus.close()
    assert any(ends.values()), "no dead letter was told"
