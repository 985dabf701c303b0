"""Which deliveries are the same touchpoint: source and message id, remembered in daily buckets.

A hash and a bucket instead of a unique text key: today's bucket stays small enough to live in memory, and a whole
bucket is forgotten at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b

REMEMBERED_DAYS = 2
"""Buckets kept beside today's: a duplicate is found for at least this many days less one."""


def message_hash(source_id: str, message_id: str) -> bytes:
    """16 bytes that stand for one message of one source."""
    return blake2b(f"{source_id}\x00{message_id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=1_024)  # the calls of one request share the moment
def bucket_of(received: datetime) -> int:
    """The day a message was received, as a number (proleptic Gregorian ordinal)."""
    return received.astimezone(UTC).toordinal()


def buckets_near(bucket: int) -> tuple[int, int, int]:
    """Where a duplicate may lie: partitions are read at different speeds, so also in the bucket of the day after."""
    return bucket - 1, bucket, bucket + 1
