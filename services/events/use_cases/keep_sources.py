"""Keeping sources: who may send, and with which write keys."""

from __future__ import annotations

import hashlib
import secrets

from services.events.domain.errors import TooManyWriteKeys, WriteKeyNotFound
from services.events.use_cases.ports import Source, Sources, WriteKey
from shared.clock import Clock
from shared.ids import new_id

MAX_LIVE_KEYS = 2
"""One to leave and one to arrive, so that a key can be changed without losing a call."""


def digest_of(write_key: str) -> str:
    """The hexadecimal SHA-256 a write key is kept by."""
    return hashlib.sha256(write_key.encode("utf-8", "surrogatepass")).hexdigest()


def create_source(
    sources: Sources, *, name: str, default_currency: str | None, owner: str, clock: Clock
) -> tuple[Source, str]:
    """A new source and its first write key, which is shown this once."""
    source = Source(new_id(), name, clock(), default_currency, owner)
    sources.add(source)
    _, text = _new_key(sources, source.id, clock)
    return source, text


def add_write_key(sources: Sources, source_id: str, *, clock: Clock) -> tuple[WriteKey, str]:
    """A second write key and its text. Raises SourceNotFound or TooManyWriteKeys."""
    sources.get(source_id, lock=True)
    if len(sources.live_keys(source_id)) >= MAX_LIVE_KEYS:
        raise TooManyWriteKeys(f"source {source_id} has {MAX_LIVE_KEYS} live write keys; revoke one first")
    return _new_key(sources, source_id, clock)


def revoke_write_key(sources: Sources, source_id: str, key_id: str, *, clock: Clock) -> None:
    """End a write key for good. Raises SourceNotFound or WriteKeyNotFound."""
    sources.get(source_id)
    if not sources.revoke_key(source_id, key_id, at=clock()):
        raise WriteKeyNotFound(f"source {source_id} has no live write key {key_id}")


def _new_key(sources: Sources, source_id: str, clock: Clock) -> tuple[WriteKey, str]:
    text = f"wk_{secrets.token_urlsafe(24)}"
    key = WriteKey(new_id(), source_id, text[:8], clock())
    sources.add_key(key, key_sha256=digest_of(text))
    return key, text
