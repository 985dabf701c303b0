"""Server-Sent Events (WHATWG HTML, section 9.2): the response that empties a listener's buffer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import orjson
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.events.adapters.bus.fact_stream import FactStream
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.api.event_buffer import Buffer
from shared.bus.ports import BusError, BusUnavailable
from shared.http.problems import Problem

HEARTBEAT_S = 15.0
_LOOK_S = 1.0
_SEND_S = 10.0
_ASK_S = 1.0
_RECONNECT = b"retry: 2000\n\n"
_HEARTBEAT = b": heartbeat\n\n"


class OpenStreams:
    """The streams of this process, no more than `most` at once."""

    def __init__(self, facts: FactStream, *, most: int) -> None:
        self._facts = facts
        self._most = most
        self._open = 0
        self._asking = asyncio.Lock()
        self._failed_at = 0.0

    async def open(self, buffer: Buffer, after: StreamPosition | None) -> Callable[[], None]:
        """Begin to fill a buffer; the answer ends it. Raises Problem 429 when too many are open, and BusError."""
        if self._open >= self._most:
            raise Problem(429, "too_many_streams", f"{self._most} streams are open, as many as there may be")
        self._open += 1
        try:
            unsubscribe = await self._subscribed(buffer, after)
        except BaseException:
            self._open -= 1
            raise

        def end() -> None:
            self._open -= 1
            unsubscribe()

        return end

    async def _subscribed(self, buffer: Buffer, after: StreamPosition | None) -> Callable[[], None]:
        """One at a time: a bus that is away lets each wait for seconds, and readers of the database need threads too.

        Who waited while it was found to be away hears the same.
        """
        came = monotonic()
        async with self._asking:
            if self._failed_at > came:
                raise BusUnavailable("the log was found away a moment ago")
            try:
                return await run_in_threadpool(self._facts.subscribe, buffer, after)
            except BusError:
                self._failed_at = monotonic()
                raise


class EventStreamResponse(Response):
    """Sends what comes into a buffer until the client goes, falls behind, may read no longer, or the process ends.

    `ask` raises Problem once the client's key may read no longer; it is asked every second.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        buffer: Buffer,
        *,
        end: Callable[[], None],
        draining: Callable[[], bool],
        ask: Callable[[], Awaitable[object]],
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._buffer = buffer
        self._end = end
        self._draining = draining
        self._ask = ask

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
        spoke = asked = monotonic()
        while not gone.done():
            if monotonic() - asked >= _ASK_S:
                if reason := await self._why_not():
                    return await _sent(send, _farewell(reason))
                asked = monotonic()
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

    async def _why_not(self) -> str | None:
        """Why the client may not be sent any more; None while it may."""
        try:
            await self._ask()
        except Problem:
            return "this key may read no longer"
        except DBAPIError:
            return "whether this key may still read is not known just now; reconnect to go on"
        return None


async def _sent(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(_SEND_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _farewell(reason: str) -> bytes:
    return b"event: dropped\ndata: %b\n\n" % orjson.dumps({"reason": reason})
