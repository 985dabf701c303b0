"""An events service for tests: its API in this process, its worker's loops in threads, all in a folder of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient

from services.events.api.app import create_app
from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.settings import EventsSettings
from services.events.workers.loops import loops_of
from tests.support.databases import sqlite_database

WRITE_KEY = "wk_test"
API_KEY = "rk_test"
IMPATIENT = {"webhook_allow_networks": "127.0.0.0/8", "webhook_deadline_s": 1.0, "webhook_retry_delays_s": (0.2, 0.3)}
"""Settings of a service that delivers webhooks to this machine, and gives them up soon."""


def settings_in(folder: Path, **changes: Any) -> EventsSettings:
    """Settings of a service that lives in `folder`, where its database is made if it is SQLite."""
    stated = {
        "events_database_url": sqlite_database(folder / "events.db", MIGRATIONS),
        "bus_url": str(folder / "bus"),
        "data_dir": folder,
        "archive_every_s": 0.2,
        "dev_api_key": API_KEY,
        "dev_write_key": WRITE_KEY,
    }
    return EventsSettings(**{**stated, **changes})


@contextmanager
def running_worker(settings: EventsSettings) -> Iterator[Wiring]:
    """The worker's loops in threads."""
    wiring = Wiring(settings)
    stop = threading.Event()
    threads = [threading.Thread(target=loop, args=(stop,), name=name) for name, loop in loops_of(wiring).items()]
    for thread in threads:
        thread.start()
    try:
        yield wiring
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
        wiring.close()
        wiring.database.dispose()


class Events:
    """A client of the service."""

    def __init__(self, http: TestClient) -> None:
        self.http = http
        self.read = {"Authorization": f"Bearer {API_KEY}"}

    def send(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """POST a call with the write key."""
        return self.http.post(path, json=body, auth=(WRITE_KEY, ""), **options)

    def get(self, path: str, **options: Any) -> Any:
        """What a GET with the API key shows."""
        answer = self.http.get(path, **{"headers": self.read, **options})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **options: Any) -> httpx.Response:
        """What a POST with the API key is answered."""
        return self.http.post(path, **{"headers": self.read, **options})

    def summary(self) -> dict[str, Any]:
        return dict(self.get("/v1/summary"))

    def wait_for(self, touchpoints: int, within_s: float = 20.0) -> dict[str, Any]:
        """The summary once this many touchpoints were recorded."""
        return wait_until(self.summary, lambda found: found["touchpoints"] >= touchpoints, within_s)

    def by_message(self, message_id: str) -> list[dict[str, Any]]:
        return list(self.get("/v1/touchpoints", params={"message_id": message_id})["data"])


def wait_until(look: Callable[[], Any], good: Callable[[Any], bool], within_s: float = 20.0) -> Any:
    """What `look` sees once it is good; what it saw last after `within_s`."""
    until = time.monotonic() + within_s
    while not good(seen := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return seen


@contextmanager
def events_service(settings: EventsSettings, *, worker: bool = True) -> Iterator[Events]:
    """A service with its API and, if asked for, its worker."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as http:
        if not worker:
            yield Events(http)
            return
        with running_worker(settings):
            yield Events(http)
