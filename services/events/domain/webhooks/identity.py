"""The id of a delivery, which is its `webhook-id`: the same whenever one endpoint is told one fact, live or again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def delivery_id(endpoint_id: str, fact: str, *, happened: datetime) -> str:
    """A UUIDv7 (RFC 9562, method 3) of when the fact happened and of a digest of whom it is told; `fact` names it."""
    milliseconds, micros = divmod(max(0, (happened - _EPOCH) // _MICROSECOND), 1_000)
    digest = hashlib.sha256(f"{endpoint_id} {fact}".encode("utf-8", "surrogatepass")).digest()
    part = micros * 4_096 // 1_000
    tail = int.from_bytes(digest[:8], "big") >> 2
    return str(UUID(int=milliseconds << 80 | 7 << 76 | part << 64 | 0b10 << 62 | tail))
