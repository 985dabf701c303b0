"""From host names to addresses, in threads of its own: a slow name server must not hold up other work."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from ipaddress import ip_address
from time import monotonic

from services.events.domain.webhooks.destinations import Address, Borders, Destination

_THREADS = 64
_REMEMBER_S = 5.0
_REMEMBERED = 10_000
_SAVING_WAIT_S = 2.0


class Unresolvable(Exception):
    """The host has no address now."""


class Resolver:
    """Finds addresses by the system's means, whatever way the host is spelled; remembers them for seconds only."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")
        self._known: dict[str, tuple[float, Sequence[Address]]] = {}

    async def addresses(self, host: str) -> Sequence[Address]:
        """The addresses of a host. Raises Unresolvable."""
        since, known = self._known.get(host, (0.0, ()))
        if known and monotonic() - since < _REMEMBER_S:
            return known
        found = literal(host) or await asyncio.get_running_loop().run_in_executor(self._threads, look_up, host)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[host] = (monotonic(), found)
        return found

    def check_url(self, url: str, borders: Borders) -> None:
        """Raise DestinationRefused for a URL that may not be kept.

        A name that has no address now may have one later, and is checked again with every attempt.
        """
        destination = Destination.parse(url)
        looking = self._threads.submit(look_up, destination.host)
        wait([looking], timeout=_SAVING_WAIT_S)
        try:
            addresses = looking.result(timeout=0)
        except (Unresolvable, TimeoutError):
            borders.check_unresolved(destination)
        else:
            borders.check(destination, addresses)

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def literal(host: str) -> Sequence[Address]:
    """The address that a host is already; nothing for a name."""
    try:
        return (ip_address(host),)
    except ValueError:
        return ()


def look_up(host: str) -> Sequence[Address]:
    """Ask the system. Raises Unresolvable."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unresolvable(f"{host} has no address: {reason}") from error
    return tuple(dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_, place in found))
