"""kill -9 of the worker while it imports: every row is a touchpoint, and each is one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.suite import Suite

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

ROWS = 70_000
ALIKE = 3
"""Every row stands this many times in the file, far apart, and each counts."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Suite]:
    with Suite(tmp_path / "hub", {"RAPPORT_IMPORT_LEASE_S": "2"}, services=("events",)) as suite:
        yield suite


def content() -> bytes:
    distinct = [f"M{n % 50},{n},2026-04-05T10:00:00" for n in range(ROWS // ALIKE)]
    return "\n".join(["member,visit,at", *distinct * ALIKE]).encode()


def test_a_worker_killed_while_it_imports_loses_and_doubles_nothing(hub: Suite) -> None:
    expected = ROWS // ALIKE * ALIKE
    with hub.client("events") as client:
        mapping = {"event": "Visited", "user_id": "/member", "timestamp": "/at", "properties": {"visit": "/visit"}}
        made = client.post("/v1/import-mappings", json={"name": "visits", "mapping": mapping})
        assert made.status_code == 201, made.text
        sent = client.post("/v1/import-files", content=content(), headers={"Content-Type": "text/csv"}).json()
        job = client.post("/v1/imports", json={"file_id": sent["id"], "mapping": "visits"}).json()

        def shown() -> dict[str, Any]:
            return dict(client.get(f"/v1/imports/{job['id']}").json())

        for begun in (0, 1, 25_000):
            hub.wait_for(lambda least=begun: shown()["rows"] >= least, "the import is under way")
            hub.restart("events-worker")
        hub.wait_for(lambda: shown()["state"] == "completed", "the import ends")
        assert (shown()["accepted"], shown()["touchpoints"], shown()["failed"]) == (expected, expected, 0)
        hub.wait_for(lambda: client.get("/v1/summary").json()["touchpoints"] >= expected, "every touchpoint")
        assert client.get("/v1/summary").json()["touchpoints"] == expected
    with sqlite3.connect(hub.directory / "events.db") as database:
        assert database.execute("SELECT count(DISTINCT hash), count(*) FROM imported_messages").fetchone() == (
            expected,
            expected,
        )
    database.close()
