"""Posts webhooks: to exactly the address that was checked, within one deadline for everything, following nothing.

No proxy, no redirect, no cookie. A connection may be used again for a few seconds by the same destination, because it
leads to an address that was checked when it was opened.
"""

from __future__ import annotations

import asyncio
import ssl
from email.utils import parsedate_to_datetime
from time import monotonic

from services.events.adapters.http.exchange import AnswerBroken, Exchange
from services.events.adapters.http.resolver import Resolver, Unresolvable
from services.events.domain.webhooks.destinations import Borders, Destination
from services.events.domain.webhooks.errors import DestinationRefused
from services.events.domain.webhooks.retries import Answer
from services.events.use_cases.webhooks.ports import Post
from shared.clock import Clock, utc_now

_IDLE_S = 3.0
_IDLE_CONNECTIONS = 1_000
_REASON_LENGTH = 300
_Place = tuple[str, str, int]


class WebhookSender:
    """Belongs to one event loop. `deadline_s` spans resolving, connecting, TLS, sending and the whole answer."""

    def __init__(
        self, resolver: Resolver, borders: Borders, *, deadline_s: float = 15.0, clock: Clock = utc_now
    ) -> None:
        self._resolver = resolver
        self._borders = borders
        self._deadline_s = deadline_s
        self._clock = clock
        self._tls = ssl.create_default_context()
        self._idle: dict[_Place, list[tuple[float, Exchange]]] = {}

    async def send(self, post: Post) -> Answer:
        """Post within the deadline; never raises for what the other side does."""
        began = monotonic()
        status: int | None = None
        error, excerpt, retry_after = None, "", None
        try:
            async with asyncio.timeout(self._deadline_s):
                exchange = await self._exchange(post)
            status = exchange.status
            excerpt = exchange.excerpt.decode("utf-8", "replace").replace("\x00", "\ufffd")
            retry_after = self._retry_after(exchange.retry_after)
        except TimeoutError:
            error = f"no complete answer within {self._deadline_s:g} s"
        except (DestinationRefused, Unresolvable, AnswerBroken, OSError) as failure:
            error = (str(failure) or type(failure).__name__)[:_REASON_LENGTH]
        took = round((monotonic() - began) * 1000)
        return Answer(status=status, error=error, excerpt=excerpt, retry_after_s=retry_after, duration_ms=took)

    def close(self) -> None:
        """End idle connections."""
        for exchanges in self._idle.values():
            for _, exchange in exchanges:
                exchange.close()
        self._idle.clear()

    async def _exchange(self, post: Post) -> Exchange:
        destination = Destination.parse(post.url)
        request = _request(post, destination)
        place = (destination.scheme, destination.host, destination.port)
        kept = self._take(place)
        if kept is not None:
            try:
                return await self._use(kept, request, place)
            except AnswerBroken:
                if not kept.untouched:
                    raise
                # closed by the other side while it was idle: what was written may not even have arrived
        return await self._use(await self._connect(destination), request, place)

    async def _use(self, exchange: Exchange, request: bytes, place: _Place) -> Exchange:
        try:
            await exchange.post(request)
        except BaseException:
            exchange.close()
            raise
        if exchange.reusable:
            self._keep(place, exchange)
        else:
            exchange.close()
        return exchange

    async def _connect(self, destination: Destination) -> Exchange:
        """Open a connection to one of the addresses that were checked, and to no other. Raises OSError too."""
        addresses = await self._resolver.addresses(destination.host)
        self._borders.check(destination, addresses)
        secure = destination.scheme == "https"
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                _, exchange = await asyncio.get_running_loop().create_connection(
                    Exchange,
                    str(address),
                    destination.port,
                    ssl=self._tls if secure else None,
                    server_hostname=destination.host if secure else None,
                )
            except OSError as error:
                failure = error
            else:
                return exchange
        raise failure

    def _take(self, place: _Place) -> Exchange | None:
        exchanges = self._idle.get(place, [])
        while exchanges:
            since, exchange = exchanges.pop()
            if exchange.reusable and monotonic() - since < _IDLE_S:
                return exchange
            exchange.close()
        self._idle.pop(place, None)
        return None

    def _keep(self, place: _Place, exchange: Exchange) -> None:
        if len(self._idle) >= _IDLE_CONNECTIONS:
            self._drop_stale()
        self._idle.setdefault(place, []).append((monotonic(), exchange))

    def _drop_stale(self) -> None:
        """Close what has been idle for too long; where nothing has, everything."""
        now = monotonic()
        stale = [place for place, kept in self._idle.items() if now - kept[-1][0] >= _IDLE_S] or list(self._idle)
        for place in stale:
            for _, exchange in self._idle.pop(place):
                exchange.close()

    def _retry_after(self, text: str) -> float | None:
        """Seconds, from a number of them or an HTTP date (RFC 9110)."""
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, (parsedate_to_datetime(text) - self._clock()).total_seconds()) if text else None
        except (ValueError, TypeError, OverflowError):
            return None


def _request(post: Post, destination: Destination) -> bytes:
    headers = {
        "Host": destination.authority,
        "User-Agent": "Rapport-Webhooks/1",
        "Accept": "*/*",
        "Content-Length": str(len(post.body)),
        **post.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {destination.target} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + post.body
