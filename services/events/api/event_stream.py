"""Server-Sent Events (WHATWG HTML, section 9.2): one listener's buffer, and the response that empties it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from time import monotonic

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.events.adapters.bus.fact_stream import FactStream, Told
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.domain.webhooks.bodies import body_of
from services.events.use_cases.webhooks.public_events import public_data
from shared.http.problems import Problem

HEARTBEAT_S = 15.0
_LOOK_S = 1.0
_SEND_S = 10.0
_MOST_EVENTS = 2_000
_MOST_BYTES = 4 * 1024 * 1024
_RECONNECT = b"retry: 2000\n\n"
_HEARTBEAT = b": heartbeat\n\n"


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
        wanted = [_event(each) for each in told if self._wants(each)]
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

    def _wants(self, told: Told) -> bool:
        if self._names and told.name not in self._names:
            return False
        return self.subjects is None or told.subject in self.subjects


class OpenStreams:
    """The streams of this process, no more than `most` at once."""

    def __init__(self, facts: FactStream, *, most: int) -> None:
        self._facts = facts
        self._most = most
        self._open = 0

    async def open(self, buffer: Buffer, after: StreamPosition | None) -> Callable[[], None]:
        """Begin to fill a buffer; the answer ends it. Raises Problem 429 when too many are open."""
        if self._open >= self._most:
            raise Problem(429, "too_many_streams", f"{self._most} streams are open, as many as there may be")
        self._open += 1
        try:
            unsubscribe = await run_in_threadpool(self._facts.subscribe, buffer, after)
        except BaseException:
            self._open -= 1
            raise

        def end() -> None:
            self._open -= 1
            unsubscribe()

        return end


class EventStreamResponse(Response):
    """Sends what comes into a buffer until the client goes, falls behind, or the process ends."""

    media_type = "text/event-stream"

    def __init__(self, buffer: Buffer, *, end: Callable[[], None], draining: Callable[[], bool]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._buffer = buffer
        self._end = end
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send_all(send, gone)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            return  # a client that takes nothing for seconds is let go of
        finally:
            gone.cancel()
            self._end()

    async def _send_all(self, send: Send, gone: asyncio.Task[None]) -> None:
        await _sent(send, _RECONNECT)
        spoke = monotonic()
        while not gone.done():
            chunk = await self._buffer.take(_LOOK_S)
            if not chunk and monotonic() - spoke >= HEARTBEAT_S:
                chunk = _HEARTBEAT
            if chunk:
                await _sent(send, chunk)
                spoke = monotonic()
            elif self._buffer.dropped:
                return await _sent(send, _farewell("you read more slowly than it happens; reconnect to go on"))
            elif self._draining():
                return await _sent(send, _farewell("this process is ending; reconnect to go on"))
        return None


async def _sent(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(_SEND_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(told: Told) -> bytes:
    body = body_of(told.name, told.event.time, public_data(told.event.type, told.event.data))
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(told.position).encode(), told.name.encode(), body)


def _farewell(reason: str) -> bytes:
    return b"event: dropped\ndata: %b\n\n" % orjson.dumps({"reason": reason})
