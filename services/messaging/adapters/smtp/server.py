"""Which mail server, from one URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to connect and as whom. `connections` are kept open side by side; a silence of `timeout_s` ends one.

    Over TLS the certificate must be good for `host`, by the authorities that the system trusts or those in file `ca`.
    """

    host: str
    port: int
    security: Security = "none"
    user: str | None = None
    password: str | None = None
    connections: int = 8
    timeout_s: float = 60.0
    ca: str | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.security} {self.host}:{self.port})"

    def tls_context(self) -> ssl.SSLContext | None:
        """How the server proves who it is; None where it need not. Raises ValueError when `ca` cannot be read."""
        if self.security == "none":
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ValueError(f"no certificates can be read from {self.ca} (option ca of the SMTP URL)") from error


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:port`, `smtps://…`, with `?starttls`, `&connections=8`, `&timeout=60`, `&ca=file`.

    Raises ValueError, without the password, when it is none of these.
    """
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("expected smtp://host:port or smtps://host:port")
    if unknown := options.keys() - {"starttls", "connections", "timeout", "ca"}:
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
        ca=options.get("ca", [""])[0] or None,
    )
    if not 1 <= server.connections <= 100 or not 0.1 <= server.timeout_s <= 600:
        raise ValueError("connections is 1 to 100, timeout 0.1 to 600 seconds")
    if server.ca is not None and server.security == "none":
        raise ValueError("ca is for smtps:// or ?starttls")
    return server
