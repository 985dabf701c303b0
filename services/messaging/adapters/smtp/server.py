"""Which mail server, from one URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to connect and as whom. `connections` are kept open side by side; a silence of `timeout_s` ends one."""

    host: str
    port: int
    security: Security = "none"
    user: str | None = None
    password: str | None = None
    connections: int = 8
    timeout_s: float = 60.0

    def __repr__(self) -> str:
        return f"SmtpServer({self.security} {self.host}:{self.port})"


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:port`, `smtps://…`, with `?starttls`, `?connections=8`, `?timeout=60`.

    Raises ValueError, without the password, when it is none of these.
    """
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("expected smtp://host:port or smtps://host:port")
    if unknown := options.keys() - {"starttls", "connections", "timeout"}:
        raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
    security: Security = "tls" if parts.scheme == "smtps" else "starttls" if "starttls" in options else "none"
    server = SmtpServer(
        host=parts.hostname,
        port=parts.port or {"tls": 465, "starttls": 587, "none": 25}[security],
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        connections=int(options.get("connections", ["8"])[0]),
        timeout_s=float(options.get("timeout", ["60"])[0]),
    )
    if not 1 <= server.connections <= 100 or not 0.1 <= server.timeout_s <= 600:
        raise ValueError("connections is 1 to 100, timeout 0.1 to 600 seconds")
    return server
