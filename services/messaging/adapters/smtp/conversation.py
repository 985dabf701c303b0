"""What a mail server says (RFC 5321 section 4.2), read as it arrives.

Errors::

    ConnectionError
     +-- HungUp         the other side closed, said 421, or answered what is no SMTP
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import NamedTuple, cast

from services.messaging.domain.deliveries import Answer

_MAX_REPLY_LINES = 100
_MAX_LINE = 64 * 1024
_LINE = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)


class HungUp(ConnectionError):
    """The other side closed, said 421, or answered what is no SMTP."""


class Reply(NamedTuple):
    """A reply code and its text."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def answer(self) -> Answer:
        """What the reply means for a message."""
        if 200 <= self.code < 300:
            return Answer.ACCEPTED
        return Answer.REFUSED if self.code >= 500 else Answer.DEFERRED


class Conversation(asyncio.Protocol):
    """Both directions of a connection. Pipelined replies come many at a time; each is waited for once at most."""

    def __init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self._unread = b""
        self._lines: list[str] = []
        self._ended: ConnectionError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport

    async def reply(self, timeout_s: float) -> Reply:
        """The next reply. Raises HungUp, TimeoutError."""
        while not self._replies:
            if self._ended is not None:
                raise self._ended
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._waiter
            finally:
                self._waiter = None
        return self._replies.popleft()

    def say(self, data: bytes) -> None:
        """Send to the server, without waiting. Raises HungUp."""
        if self._ended is not None:
            raise self._ended
        self.transport.write(data)

    def forget(self) -> None:
        """Drop what came before the connection was secured: anybody may have put it there (RFC 3207 section 4.2)."""
        self._replies.clear()
        self._lines.clear()
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take(line.removesuffix(b"\r"))
        if len(self._unread) > _MAX_LINE:
            self._end(HungUp("the server sent an endless line"))
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the event loop."""
        lost = HungUp("the server closed the connection")
        lost.__cause__ = error
        self._end(lost)
        self._wake()

    def _take(self, line: bytes) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            self._end(HungUp("the server does not speak SMTP"))
        elif len(self._lines) >= _MAX_REPLY_LINES:
            self._end(HungUp("the server sent an endless reply"))
        else:
            self._lines.append(found[3].decode("ascii", "replace"))
            if found[2] != b"-":
                self._replies.append(Reply(int(found[1]), "\n".join(self._lines)))
                self._lines.clear()

    def _end(self, error: HungUp) -> None:
        """Replies that came before are still read."""
        if self._ended is None:
            self._ended = error
            self.transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._ended):
            self._waiter.set_result(None)
