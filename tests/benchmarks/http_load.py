"""A light HTTP client: prebuilt requests over kept connections, so that it is the server that is measured.

Where client and server share the cores, what the client spends is missing to the server.
"""

from __future__ import annotations

import math
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice

_ANSWERED_WITHIN_S = 30.0
_ANSWER_BYTES = 65_536


def send(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float = math.inf,
    most: int | None = None,
    pace: float | None = None,
    answer_end: bytes = b"}",
) -> array[float]:
    """The latency of every request, in seconds, sorted. Ends after so many seconds, or `most` requests.

    Without a pace each connection sends its next request when the last was answered (a closed loop). With one, in
    requests a second, a request is due whatever became of those before it, and its latency counts from then.
    An answer is whole once it ends with `answer_end`. Raises RuntimeError for one that is not 200.
    """
    upcoming = islice(cycle(requests), most)
    end = time.perf_counter() + seconds
    with _connected(port, connections, answer_end) as links:
        answered = _closed(links, upcoming, end) if pace is None else _open(links, upcoming, end, 1.0 / pace)
        return array("d", sorted(answered))


class _Links:
    """Connections of which each has at most one request under way."""

    def __init__(self, sockets: Sequence[socket.socket], ready: select.epoll, answer_end: bytes) -> None:
        self._sockets = {link.fileno(): link for link in sockets}
        self._ready = ready
        self._answer_end = answer_end
        self._began: dict[int, float] = {}
        self._parts: dict[int, bytes] = {}
        self.free = deque(self._sockets)

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._began)

    def send(self, request: bytes, began: float) -> None:
        """Send over a free connection."""
        link = self.free.popleft()
        self._began[link] = began
        self._sockets[link].sendall(request)

    def answers(self, timeout_s: float) -> Iterator[float]:
        """The latencies of what is answered now; waits at most `timeout_s` for the first."""
        # The outer wait has a resolution of microseconds, epoll's own one of milliseconds.
        if timeout_s > 0:
            select.select([self._ready], [], [], timeout_s)
        for link, _ in self._ready.poll(0):
            answer = self._parts.pop(link, b"") + self._sockets[link].recv(_ANSWER_BYTES)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode(errors="replace") or "the server hung up")
            if answer.endswith(self._answer_end):
                self.free.append(link)
                yield time.perf_counter() - self._began.pop(link)
            else:
                self._parts[link] = answer


def _closed(links: _Links, upcoming: Iterator[bytes], end: float) -> Iterator[float]:
    for request in upcoming:
        while not links.free:
            yield from links.answers(_ANSWERED_WITHIN_S)
        now = time.perf_counter()
        if now >= end:
            break
        links.send(request, now)
    yield from _rest(links)


def _open(links: _Links, upcoming: Iterator[bytes], end: float, each_s: float) -> Iterator[float]:
    due = time.perf_counter()
    for request in upcoming:
        while not links.free or due > time.perf_counter():
            yield from links.answers(max(0.0, due - time.perf_counter()) if links.free else _ANSWERED_WITHIN_S)
        if due >= end:
            break
        links.send(request, due)
        due += each_s
    yield from _rest(links)


def _rest(links: _Links) -> Iterator[float]:
    while links.busy:
        yield from links.answers(_ANSWERED_WITHIN_S)


@contextmanager
def _connected(port: int, connections: int, answer_end: bytes) -> Iterator[_Links]:
    with ExitStack() as stack:
        ready = stack.enter_context(select.epoll())
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        for link in sockets:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(link, select.EPOLLIN)
        yield _Links(sockets, ready, answer_end)
