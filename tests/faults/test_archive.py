"""kill -9 the worker while it archives, and count: each touchpoint is in exactly one file, on both buses."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from shared.sql.database import Database
from shared.sql.plumbing import leases
from tests.support.archive import table_of
from tests.support.suite import WRITE_KEY, Suite, cluster_settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
CALLS = 50
ROUNDS = int(os.environ.get("RAPPORT_FAULT_ROUNDS", "2"))


@dataclass(frozen=True)
class Hub:
    """Events as processes that archive into `folder`, and how often its worker is to be killed."""

    suite: Suite
    folder: Path
    database_url: str
    kills: int


@pytest.fixture(params=["embedded", pytest.param("cluster", marks=pytest.mark.services)])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    settings = {
        "RAPPORT_ARCHIVE_DIR": str(tmp_path / "archive"),
        "RAPPORT_ARCHIVE_EVERY_S": "0.2",
        "RAPPORT_EVENTS_DATABASE_URL": f"sqlite:///{tmp_path}/suite/events.db",
    }
    if request.param == "cluster":
        settings |= cluster_settings(
            request.getfixturevalue("kafka_broker"), request.getfixturevalue("postgres_server")
        )
    with Suite(tmp_path / "suite", settings, services=("events",)) as suite:
        url = settings["RAPPORT_EVENTS_DATABASE_URL"]
        yield Hub(suite, tmp_path / "archive", url, kills=ROUNDS if request.param == "embedded" else 1)


def let_the_lease_run_out(hub: Hub) -> None:
    """What fifteen seconds do."""
    database = Database(hub.database_url)
    with database.transaction() as session:
        session.execute(delete(leases).where(leases.c.name == "events-archive"))
    database.dispose()


def send(hub: Hub, number: int) -> None:
    batch = [{"type": "page", "userId": f"u{n}", "messageId": f"{number}-{n}"} for n in range(CALLS)]
    answer = httpx.post(f"{hub.suite.url('events')}/v1/batch", json={"batch": batch}, auth=(WRITE_KEY, ""), timeout=30)
    assert answer.status_code == 200, answer.text


class Reader:
    """Reads the archive all the time, and keeps how often it saw a touchpoint twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.looks = self.doubles = 0
        self._thread.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            ids = table_of(self._folder)["touchpoint_id"].to_pylist()
            self.looks += 1
            self.doubles += len(ids) - len(set(ids))
            time.sleep(0.1)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def archived(client: httpx.Client) -> int:
    days: list[dict[str, Any]] = client.get("/v1/archive").json()["data"]
    return sum(day["rows"] for day in days)


def test_each_touchpoint_is_in_exactly_one_file(hub: Hub) -> None:
    reader = Reader(hub.folder)
    number = 0
    with hub.suite.client("events") as client:
        for kill in range(hub.kills):
            before = archived(client)

            def goes_on() -> bool:
                nonlocal number
                number += 1
                send(hub, number)
                return archived(client) > before  # noqa: B023 - waited for in this very round

            hub.suite.wait_for(goes_on, "more in the archive")
            time.sleep(0.07 * kill)  # in another part of its round each time
            hub.suite.restart("events-worker")
            let_the_lease_run_out(hub)
        hub.suite.wait_for(lambda: archived(client) >= number * CALLS, "a complete archive")
        days = client.get("/v1/archive").json()["data"]
    reader.stop()
    assert all(day["is_complete"] for day in days)
    found = table_of(hub.folder)["message_id"].to_pylist()
    assert sorted(found) == sorted(f"{each}-{n}" for each in range(1, number + 1) for n in range(CALLS))
    assert reader.looks > hub.kills
    assert reader.doubles == 0
