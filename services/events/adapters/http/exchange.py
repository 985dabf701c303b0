"""One HTTP/1.1 connection on which requests are posted one after the other, reading no more than is wanted."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

_EXCERPT_BYTES = 1_024
_MAX_ANSWER_BYTES = 64 * 1024
_LEAST_STATUS = 100


class AnswerBroken(Exception):
    """What came back is no HTTP, too long, or ended too early."""


class Exchange(asyncio.Protocol):
    """A connection. `post` may be called again once it has returned, while `reusable`."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._received = 0
        self._complete = False
        self.retry_after = ""
        self.excerpt = b""
        self.status = 0

    @property
    def reusable(self) -> bool:
        """Whether another request may be posted on this connection."""
        return not self._closed and self._complete and self._keeps_alive

    @property
    def untouched(self) -> bool:
        """Whether not a byte came back for the request posted last."""
        return self._received == 0

    async def post(self, request: bytes) -> None:
        """Send a request and wait for its answer. Raises AnswerBroken."""
        if self._transport is None or self._closed:
            raise AnswerBroken("the connection was closed")
        self._begin()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._waiting

    def close(self) -> None:
        """End the connection at once."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        if self._complete:  # an answer that nobody asked for would be taken for the next one's
            self.close()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            told = "it changes the protocol" if isinstance(error, httptools.HttpParserUpgrade) else error
            self._fail(f"the answer is no HTTP: {told}")
            self.close()
            return
        if self._received > _MAX_ANSWER_BYTES and not self._complete:
            if self.excerpt:
                self._finish()  # status and beginning are all that is wanted of a long answer
            else:
                self._fail("the answer's head is too long")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        if self.status >= 200 and not self._framed and not self._complete:
            self._finish()  # a body without a length lasts until the connection ends
        self._fail(f"the connection was closed: {exc}" if exc else "the connection was closed without an answer")

    def on_message_begin(self) -> None:
        if self._complete:
            raise AnswerBroken("a second answer")
        self._keeps_alive = False
        self._framed = False
        self._informational = False

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"retry-after":
                self.retry_after = value.decode("latin-1")
            case b"content-length" | b"transfer-encoding":
                self._framed = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < _LEAST_STATUS:
            raise AnswerBroken("a status of less than three digits")
        self._informational = 100 <= status < 200
        if not self._informational:
            self.status = status
            self._keeps_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self.excerpt += body[: _EXCERPT_BYTES - len(self.excerpt)]

    def on_message_complete(self) -> None:
        if not self._informational:
            self._finish()

    def _finish(self) -> None:
        self._complete = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _fail(self, reason: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(AnswerBroken(reason))
