"""`kafka://[user:password@]host:port[,host:port][?option=value]`, taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_TLS_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_COMPRESSIONS = ("none", "gzip", "lz4")
_OPTIONS = ("security_protocol", "sasl_mechanism", "compression", *_TLS_FILES)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a Kafka cluster. The password is kept out of the representation."""

    servers: tuple[str, ...]
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_files: tuple[tuple[str, str], ...] = ()
    compression: str | None = None

    def settings(self) -> dict[str, Any]:
        """What every client of kafka-python is given."""
        return {
            "bootstrap_servers": list(self.servers),
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
            "reconnect_backoff_max_ms": 1000,
            **dict(self.tls_files),
        }


def connection_of(url: str) -> Connection:
    """Take the URL apart. Raises ValueError, in one line that does not show the password.

    Options: security_protocol, sasl_mechanism, compression (none, gzip, lz4), ssl_cafile, ssl_certfile, ssl_keyfile.
    A user name means SASL, with PLAIN over TLS unless the options say otherwise.
    """
    parts = urlsplit(url)
    userinfo, _, hosts = parts.netloc.rpartition("@")
    username, _, password = userinfo.partition(":")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - set(_OPTIONS))
    if unknown or parts.path not in ("", "/"):
        raise ValueError(
            f"the Kafka URL knows no {', '.join(unknown) or parts.path}; its options: {', '.join(_OPTIONS)}"
        )
    compression = _one_of(options, "compression", _COMPRESSIONS, "none")
    return Connection(
        servers=tuple(_server(host) for host in hosts.split(",")),
        security_protocol=_one_of(options, "security_protocol", _PROTOCOLS, "SASL_SSL" if username else "PLAINTEXT"),
        sasl_mechanism=_one_of(options, "sasl_mechanism", _MECHANISMS, "PLAIN") if username else None,
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls_files=tuple((name, options[name]) for name in _TLS_FILES if name in options),
        compression=None if compression == "none" else compression,
    )


def _server(host_and_port: str) -> str:
    host, _, port = host_and_port.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{host_and_port!r} is no Kafka server: give host:port")
    return host_and_port


def _one_of(options: dict[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = options.get(name, default)
    if value not in allowed:
        raise ValueError(f"{name} of the Kafka URL is {value!r}; it may be {', '.join(allowed)}")
    return value
