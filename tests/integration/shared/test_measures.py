"""What a worker measures of the bus, and that a process which never asks it says nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from prometheus_client import generate_latest

from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.contracts.topics import PROFILES
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.sql.database import Database
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop


@dataclass(frozen=True)
class Toy:
    """A service that follows one topic."""

    bus: Bus
    database: Database
    dead_letters: DeadLetters

    def subscriptions(self) -> Sequence[Subscription]:
        """What it reads."""
        return [Subscription(consumer="toy.measured", topics=(PROFILES,), handle=lambda _session, _facts: None)]


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
    bus = open_bus(str(tmp_path / "bus"))
    keep_house = bus_loops(Toy(bus, database, dead_letters))["housekeeping"]
    work_until(keep_house, "0.0", of='{consumer="toy.measured"}')
    bus.create_topics([PROFILES])
    work_until(keep_house, "1.0", of='{consumer="toy.measured"}')
    bus.close()
    assert reachable("") is None, "an API never asks, and must not count as cut off"


def test_dead_letters_are_counted_from_nought(database: Database, dead_letters: DeadLetters, tmp_path: Path) -> None:
    bus_loops(Toy(open_bus(str(tmp_path / "bus")), database, dead_letters))
    said = generate_latest().decode().splitlines()
    assert 'rapport_dead_letters_total{consumer="toy.measured"} 0.0' in said, "or the first is no increase to alerts"
