"""Signs of life of a worker's loops, and noticing those that hang: a loop stuck in a call raises nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.telemetry.metrics import LOOP_SILENT_SECONDS


class Heartbeat(threading.Event):
    """The signal that ends one loop. By looking at it, or waiting for it, the loop shows that it lives."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.waiting = False

    def is_set(self) -> bool:
        self.looks += 1
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        self.looks += 1
        self.waiting = True
        try:
            return super().wait(timeout)
        finally:
            self.waiting = False


@dataclass
class Watch:
    """Counts how long each loop has been silent, looking every `every_s` seconds.

    Time is counted in looks, not read from a clock: a process that was stopped as a whole accuses no loop.
    """

    heartbeats: Mapping[str, Heartbeat]
    every_s: float
    silent_s: dict[str, float] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def look(self, running: set[str]) -> None:
        """Look at the loops that run; those that ended are silent rightly."""
        for name, heartbeat in self.heartbeats.items():
            looks = heartbeat.looks
            silent = name in running and not heartbeat.waiting and self._seen.get(name) == looks
            self.silent_s[name] = self.silent_s.get(name, 0.0) + self.every_s if silent else 0.0
            self._seen[name] = looks
            LOOP_SILENT_SECONDS.labels(name).set(self.silent_s[name])

    def silent(self, for_s: float) -> list[str]:
        """The loops that have been silent for so long."""
        return [name for name, seconds in self.silent_s.items() if seconds >= for_s]
