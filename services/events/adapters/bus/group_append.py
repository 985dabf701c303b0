"""Group commit in the event loop: what arrives while an append is under way is appended together, by few records.

An append costs a log and its client about the same whatever is in it, so few large ones are better than many small.
What few wait for goes when nothing is under way, and if it is small, some time after what went before; what many wait
for goes beside what is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from services.events.adapters.bus.ingest_log import Events, records_of
from shared.bus.ports import NewRecord

_STORED_WITHIN_S = 8.0  # SDKs give up after 10 s or more: a 503 before that tells them when to come back
_PAUSE_S = 0.002
_SMALL_BYTES = 32_000
_MANY = 32
_MOST_UNDER_WAY = 4
_FULL_BYTES = 1_000_000

Submit = Callable[[Sequence[NewRecord]], Future[None]]
"""Starts to append; the future ends once all is durable, in whatever thread."""


class GroupAppend:
    """Appends to the ingest topic for every request that waits. Used in one event loop."""

    def __init__(self, submit: Submit, *, within_s: float = _STORED_WITHIN_S, pause_s: float = _PAUSE_S) -> None:
        self._submit = submit
        self._within_s = within_s
        self._pause_s = pause_s
        self._group = _Group()
        self._under_way = 0
        self._pausing = False

    async def append(self, events: Events) -> None:
        """Return once all events are durable. Raises BusError, or TimeoutError before a client would give up."""
        if not events:
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        group = self._group
        if not group.waiters:
            group.overdue = loop.call_later(self._within_s, self._give_up, group)
        group.join(events, waiter)
        if group.bytes >= _FULL_BYTES:
            self._send()
        elif len(group.waiters) in (1, _MANY):
            loop.call_soon(self._send_if_due)  # by then everything that came at the same time has joined
        await waiter

    def _send_if_due(self) -> None:
        group = self._group
        if len(group.waiters) >= _MANY:
            due = self._under_way < _MOST_UNDER_WAY
        else:
            due = not self._under_way and (not self._pausing or group.bytes >= _SMALL_BYTES)
        if due and group.waiters:
            self._send()

    def _send(self) -> None:
        group, self._group = self._group, _Group()
        loop = asyncio.get_running_loop()
        self._under_way += 1
        stored = self._submit(records_of(group.lanes))
        stored.add_done_callback(lambda stored: loop.call_soon_threadsafe(self._ended, group, stored))

    def _ended(self, group: _Group, stored: Future[None]) -> None:
        self._under_way -= 1
        group.end(stored.exception())
        if not self._pausing:
            self._pausing = True
            asyncio.get_running_loop().call_later(self._pause_s, self._end_pause)
        self._send_if_due()

    def _end_pause(self) -> None:
        self._pausing = False
        self._send_if_due()

    def _give_up(self, group: _Group) -> None:
        """Answer those who wait; their events will be appended all the same, or fail."""
        group.end(TimeoutError())
        if group is self._group:
            self._send()


class _Group:
    """Requests whose events are appended together."""

    def __init__(self) -> None:
        self.lanes: dict[int, list[bytes]] = {}
        self.bytes = 0
        self.waiters: list[asyncio.Future[None]] = []
        self.overdue: asyncio.TimerHandle | None = None

    def join(self, events: Events, waiter: asyncio.Future[None]) -> None:
        """Take the events of one more request."""
        for partition, texts in events.items():
            self.lanes.setdefault(partition, []).extend(texts)
            self.bytes += sum(map(len, texts))
        self.waiters.append(waiter)

    def end(self, error: BaseException | None) -> None:
        """Let every request know that still waits."""
        if self.overdue is not None:
            self.overdue.cancel()
        for waiter in self.waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
