"""When a message that a mail server put off is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

RETRY_DELAYS_S: tuple[float, ...] = (60, 300, 1_800, 7_200, 18_000, 36_000, 86_400)
"""Seconds after each failed attempt, about two days in all, within what RFC 5321 section 4.5.4.1 gives a sender."""

_JITTER = 0.2


def retry_delay_s(message_id: str, attempts: int, delays_s: Sequence[float] = RETRY_DELAYS_S) -> float | None:
    """Seconds to wait after attempt number `attempts` (from 1), 20% either way; None when there is no further one.

    The jitter follows from the message and the attempt, so that a restart does not draw it anew.
    """
    if attempts > len(delays_s):
        return None
    share = crc32(f"{message_id}/{attempts}".encode()) / 0xFFFFFFFF
    return delays_s[attempts - 1] * (1 - _JITTER + 2 * _JITTER * share)
