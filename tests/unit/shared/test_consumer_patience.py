"""A consumer waits for a bus that is away for as long as it takes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from shared.bus.ports import BusUnavailable
from shared.contracts.topics import PROFILES
from shared.inbox.consumer import ConsumerLoop
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database


class Away:
    """A bus that nobody reaches."""

    def consumer(self, *_: Any, **__: Any) -> Any:
        raise BusUnavailable("away")


class Hours(threading.Event):
    """A signal to end that comes after 1,500 waits, none of which takes any time."""

    waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        if self.waits == 1_500:
            self.set()
        return self.is_set()


def test_a_consumer_waits_for_hours(tmp_path: Path) -> None:
    away: Any = Away()
    subscription = Subscription(consumer="toy.profiles", topics=(PROFILES,), handle=lambda *_: None)
    loop = ConsumerLoop(
        bus=away,
        database=Database(f"sqlite:///{tmp_path}/toy.db"),
        subscription=subscription,
        dead_letters=DeadLetters("toy", Outbox("rapport/toy")),
    )
    stop = Hours()
    loop.run(stop)
    assert stop.waits == 1_500
