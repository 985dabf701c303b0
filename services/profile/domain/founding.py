"""Ids of profiles, told by the touchpoint that founded each.

Whoever reads the log again, after a restore to an earlier moment, founds the same profiles under the ids that the
other services know.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

_RANDOM = (1 << 32) - 1
"""The end of a UUIDv7, behind its time and its counter: what tells it from others of the same place in time."""


def founded_id(touchpoint_id: str) -> str:
    """A UUID (RFC 9562) that is always the same of one touchpoint: of a UUIDv7 one that sorts where that does, of
    anything else a UUIDv8."""
    digest = int.from_bytes(blake2b(touchpoint_id.encode(), digest_size=16, person=b"rapport-profile").digest(), "big")
    founder = _uuid7(touchpoint_id)
    if founder is not None:
        return str(UUID(int=founder.int & ~_RANDOM | digest & _RANDOM))
    return str(UUID(int=digest & ~(0xF << 76) & ~(0x3 << 62) | 8 << 76 | 0x2 << 62))


def _uuid7(identifier: str) -> UUID | None:
    try:
        read = UUID(identifier)
    except ValueError:
        return None
    return read if read.version == 7 else None
