"""A bus by its URL: the one place that knows both implementations."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.bus.ports import Bus
from shared.bus.waiting import MAX_RECORD_BYTES, MAX_WAITING_BYTES


def open_bus(url: str, *, max_record_bytes: int = MAX_RECORD_BYTES, max_waiting_bytes: int = MAX_WAITING_BYTES) -> Bus:
    """The bus at `url`; nothing is connected or created yet.

    `kafka://host:port[,host:port][?option=value]` is Kafka; a path, or `file:` and a path, is the embedded log.
    Raises ValueError, in one line, for anything else. `max_waiting_bytes` bounds what a publisher's process
    holds until it is durable.
    """
    if url.startswith("kafka://"):
        from shared.bus.kafka.bus import KafkaBus
        from shared.bus.kafka.url import connection_of

        return KafkaBus(connection_of(url), max_record_bytes=max_record_bytes, max_waiting_bytes=max_waiting_bytes)
    from shared.bus.embedded.bus import EmbeddedBus

    directory = _directory_of(url)
    return EmbeddedBus(directory, max_record_bytes=max_record_bytes, max_waiting_bytes=max_waiting_bytes)


def _directory_of(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return Path(unquote(parts.path))
    if not url.strip() or "://" in url or parts.scheme:
        raise ValueError(f"{url!r} is no bus: give a directory for the embedded log, or kafka://host:port")
    return Path(url)
