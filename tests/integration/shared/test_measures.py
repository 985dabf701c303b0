"""What a worker measures of the bus, and that a process which never asks it says nothing of it."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from prometheus_client import generate_latest

from shared.bus.opening import open_bus
from shared.bus_loops import bus_loops
from shared.contracts.topics import PROFILES
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.sql.database import Database
from shared.workers import Loop


def reachable(of: str) -> str | None:
    """What the metrics of this process say of the bus."""
    said = (line.rpartition(" ") for line in generate_latest().decode().splitlines())
    return next((value for series, _, value in said if series == f"rapport_bus_reachable{of}"), None)


def work_until(loop: Loop, value: str, *, of: str) -> None:
    stop, deadline = Event(), monotonic() + 30
    thread = Thread(target=loop, args=(stop,))
    thread.start()
    try:
        while reachable(of) != value:
            assert monotonic() < deadline
            sleep(0.01)
    finally:
        stop.set()
        thread.join()


def test_whether_the_bus_answers_is_said_by_who_asks_it(
    database: Database, dead_letters: DeadLetters, tmp_path: Path
) -> None:
    toy = Subscription(consumer="toy.measured", topics=(PROFILES,), handle=lambda _session, _facts: None)
    bus = open_bus(str(tmp_path / "bus"))
    keep_house = bus_loops(bus=bus, database=database, dead_letters=dead_letters, subscriptions=[toy])["housekeeping"]
    work_until(keep_house, "0.0", of='{consumer="toy.measured"}')
    bus.create_topics([PROFILES])
    work_until(keep_house, "1.0", of='{consumer="toy.measured"}')
    bus.close()
    assert reachable("") is None, "an API never asks, and must not count as cut off"
