"""Waiting in the event loop until records are durable."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from functools import partial

_STORED_WITHIN_S = 8.0  # SDKs give up after 10 s or more: a 503 before that tells them when to come back

_Waiter = asyncio.Future[None]


class Acknowledgements:
    """Wakes the event loop once for all requests that one commit has made durable, not once for each."""

    def __init__(self) -> None:
        self._ended: deque[tuple[_Waiter, Future[None]]] = deque()
        self._is_told = False

    async def wait(self, stored: Future[None]) -> None:
        """Return or raise as `stored` ends. Raises TimeoutError when that takes so long that a client would give up."""
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        stored.add_done_callback(partial(self._note, loop, waiter))
        overdue = loop.call_later(_STORED_WITHIN_S, _give_up, waiter)
        try:
            await waiter
        finally:
            overdue.cancel()

    def _note(self, loop: asyncio.AbstractEventLoop, waiter: _Waiter, stored: Future[None]) -> None:
        """Called in the thread that appends. What comes after the flag is lowered is seen, or raises it anew."""
        self._ended.append((waiter, stored))
        if not self._is_told:
            self._is_told = True
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._is_told = False
        while self._ended:
            waiter, stored = self._ended.popleft()
            if waiter.done():
                continue
            error = stored.exception()
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)


def _give_up(waiter: _Waiter) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
