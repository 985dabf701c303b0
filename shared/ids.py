"""Identifiers: UUIDv7 (RFC 9562), so that rows created together lie together in an index."""

from __future__ import annotations

from datetime import UTC, datetime

from uuid_utils import uuid7


def new_id() -> str:
    """A new UUIDv7 in its canonical text form."""
    return str(uuid7())


def first_id_at(moment: datetime) -> str:
    """The least UUIDv7 of a moment (to the millisecond): what was created earlier has a lesser id."""
    digits = f"{int(moment.astimezone(UTC).timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def start_of(identifier: str) -> str:
    """What a UUIDv7 begins with: the millisecond in which it was made, as text."""
    return identifier[:13]


def moment_of(identifier: str) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp(int(identifier[:8] + identifier[9:13], 16) / 1000, UTC)
