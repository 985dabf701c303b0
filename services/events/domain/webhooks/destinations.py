"""Where webhooks may go: to public addresses, and to private networks that an operator has named.

What counts is the address that is connected to, never how it is spelled: a name, a decimal or octal number and a
mapped IPv6 address all end as an address here. The list is explicit, because `ipaddress.is_global` lets several of
these pass (IANA's special-purpose address registries; RFC 6890 and its updates).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

from services.events.domain.webhooks.errors import DestinationRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORBIDDEN_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' shared space
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""All of IPv6 that is assigned for use; outside lie loopback, mapped, translated, local and multicast addresses."""
_FORBIDDEN_V6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)
_PORTS = {"http": 80, "https": 443}


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _FORBIDDEN_V6)


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart. `target` is path and query as they are requested."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Destination:
        """Read a URL. Raises DestinationRefused for what could mean different things to different readers."""
        if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
            raise DestinationRefused("the URL holds characters that a URL does not have; write a host in punycode")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise DestinationRefused(f"not a URL: {error}") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise DestinationRefused("a webhook URL begins with https:// and a host")
        if "@" in parts.netloc or "%" in parts.netloc or parts.fragment:
            raise DestinationRefused("a webhook URL has no user, no escapes in its host and no fragment")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        default = _PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, default if port is None else port, target)

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Borders:
    """Which addresses may be connected to; `allowed` are private networks that an operator has named."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> Borders:
        """From CIDR texts. Raises ValueError."""
        return cls(tuple(ip_network(each.strip()) for each in networks))

    def check(self, destination: Destination, addresses: Iterable[Address]) -> None:
        """Raise DestinationRefused unless every address that the host stands for may be connected to.

        Every, not any: a name that also points inside is no mistake to work around.
        """
        for address in addresses:
            named = any(address in network for network in self.allowed)
            if not named and not is_public(address):
                raise DestinationRefused(f"{_named(destination.host, address)} is not on the public internet")
            if not named and destination.scheme != "https":
                raise DestinationRefused("a webhook URL begins with https://")

    def check_unresolved(self, destination: Destination) -> None:
        """Raise DestinationRefused unless a host without an address now may be kept all the same."""
        if destination.scheme != "https":
            raise DestinationRefused("a webhook URL begins with https://")


def _named(host: str, address: Address) -> str:
    return host if host == str(address) else f"{address}, which {host} stands for,"
