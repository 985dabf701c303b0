"""Who sends: the write key in a request, and the source it belongs to."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from urllib.parse import parse_qs

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from services.events.domain.errors import UnknownWriteKey

_REMEMBER_S = 5.0
_RETRY_S = 1.0
_MOST = 10_000
_LONGEST = 200
_LONGEST_HEADER = 1_000
"""Longer than any write key and what stands round it: what a stranger sends is not kept in memory."""

FindSource = Callable[[str], str | None]
"""The id of the source that a live write key belongs to; asks the database."""


class KnownWriteKeys:
    """Recognises write keys from memory; a revoked one is refused within five seconds.

    While the database is away, keys that were known go on being accepted: what is acknowledged is safe in the log.
    """

    def __init__(self, find: FindSource) -> None:
        self._find = find
        self._known: dict[str, tuple[float, str | None]] = {}
        self._strangers: dict[str, tuple[float, str | None]] = {}  # apart, so that no number of them displaces others

    async def source_of(self, write_key: str) -> str:
        """The id of the key's source.

        Raises UnknownWriteKey, or sqlalchemy.exc.DBAPIError for a new key while the database is away.
        """
        until, source_id = self._known.get(write_key) or self._strangers.get(write_key, (0.0, None))
        if until < monotonic() and len(write_key) <= _LONGEST:
            source_id = await self._look_up(write_key, source_id)
        if source_id is None:
            raise UnknownWriteKey('send a live write key: Authorization: Basic base64("<write key>:")')
        return source_id

    async def _look_up(self, write_key: str, stale: str | None) -> str | None:
        if stale is not None:  # the others go on with what was known while one looks
            self._remember(write_key, stale, _RETRY_S)
        try:
            found = await run_in_threadpool(self._find, write_key)
        except DBAPIError:
            if stale is None:
                raise
            return stale
        self._remember(write_key, found, _REMEMBER_S if found else _RETRY_S)
        return found

    def _remember(self, write_key: str, source_id: str | None, seconds: float) -> None:
        if source_id is None:
            self._known.pop(write_key, None)
        kept = self._strangers if source_id is None else self._known
        if len(kept) >= _MOST and write_key not in kept:
            kept.pop(next(iter(kept)))
        kept[write_key] = (monotonic() + seconds, source_id)


def stated_write_key(authorization: bytes | None, query_string: bytes) -> str | None:
    """The write key in the header, else in the query; None when the body may name it. Raises UnknownWriteKey."""
    if authorization is not None:
        return _basic_user(authorization[:_LONGEST_HEADER])
    if b"writeKey=" in query_string:
        return parse_qs(query_string.decode("latin-1")).get("writeKey", [""])[0]
    return None


@lru_cache(maxsize=4096)
def _basic_user(authorization: bytes) -> str:
    scheme, _, encoded = authorization.partition(b" ")
    try:
        if scheme.lower() != b"basic":
            raise ValueError("not Basic")
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError) as error:
        raise UnknownWriteKey('Authorization is not Basic base64("<write key>:")') from error
