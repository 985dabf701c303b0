"""Ids of profiles, told by the touchpoint that founded each.

Whoever reads the log again, after a restore to an earlier moment, founds the same profiles under the ids that the
other services know.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID


def founded_id(touchpoint_id: str) -> str:
    """A UUID (RFC 9562) that is always the same of one touchpoint: of a UUIDv7 another one of the same millisecond,
    so that ids sort by time; of anything else a UUIDv8."""
    digest = int.from_bytes(blake2b(touchpoint_id.encode(), digest_size=16, person=b"rapport-profile").digest(), "big")
    moment = _moment_of(touchpoint_id)
    if moment is None:
        return str(UUID(int=_stamped(digest, version=8)))
    return str(UUID(int=_stamped(moment << 80 | digest & (1 << 80) - 1, version=7)))


def _moment_of(identifier: str) -> int | None:
    """The 48 bits of time in a UUIDv7; None of what is none."""
    try:
        read = UUID(identifier)
    except ValueError:
        return None
    return read.int >> 80 if read.version == 7 else None


def _stamped(bits: int, *, version: int) -> int:
    """With the version and variant of a UUID in their places."""
    return bits & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62
