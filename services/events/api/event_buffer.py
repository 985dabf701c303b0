"""What one listener of the stream has still to be sent, as Server-Sent Events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress

from services.events.adapters.bus.told_facts import Told

_MOST_EVENTS = 2_000
_MOST_BYTES = 4 * 1024 * 1024


class Buffer:
    """What one client has still to be sent. Facts are offered from threads and taken in the event loop."""

    def __init__(self, names: Collection[str], subjects: Collection[str] | None) -> None:
        self._names = frozenset(names)
        self.subjects = None if subjects is None else frozenset(subjects)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self.dropped = False

    def offer(self, told: Sequence[Told]) -> bool:
        """Take the facts that are wanted; False once the client cannot keep up or is gone."""
        wanted = [_event(each) for each in told if self.wants(each)]
        size = sum(map(len, wanted))
        with self._lock:
            if len(self._waiting) + len(wanted) > _MOST_EVENTS or self._bytes + size > _MOST_BYTES:
                self.dropped = True
            if not self.dropped:
                self._waiting += wanted
                self._bytes += size
        if wanted:
            self._wake()
        return not self.dropped

    def wants(self, told: Told) -> bool:
        """Whether the client asked for it."""
        if self._names and told.name not in self._names:
            return False
        return self.subjects is None or told.subject in self.subjects

    def has_room(self) -> bool:
        """Whether less than half of what may wait does."""
        return 2 * len(self._waiting) < _MOST_EVENTS and 2 * self._bytes < _MOST_BYTES

    def drop(self) -> None:
        """Nothing more comes."""
        self.dropped = True
        self._wake()

    async def take(self, within_s: float) -> bytes:
        """Everything that waits, as one chunk; empty when nothing came in time."""
        if not self._waiting and not self.dropped:
            try:
                async with asyncio.timeout(within_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
        self._news.clear()
        with self._lock:
            waiting, self._waiting, self._bytes = self._waiting, [], 0
        return b"".join(waiting)

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended, and the client with it
            self._loop.call_soon_threadsafe(self._news.set)


def _event(told: Told) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(told.position).encode(), told.name.encode(), told.body)
