"""Identifiers: UUIDv7 (RFC 9562), so that rows created together lie together in an index."""

from uuid_utils import uuid7


def new_id() -> str:
    """A new UUIDv7 in its canonical text form."""
    return str(uuid7())
