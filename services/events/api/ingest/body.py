"""Reading a body within bounds: gzip whatever the headers say, never more memory than the limit allows."""

from __future__ import annotations

import zlib

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from services.events.domain.errors import InvalidCall, TooLarge
from shared.http.limits import declares_more
from shared.http.problems import Problem

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_OTHER_PACKINGS = frozenset({"br", "compress", "deflate", "zstd"})


async def read_body(receive: Receive, *, declared_length: bytes | None, limit: int) -> bytes:
    """The body, unpacked. SDKs send gzip under any Content-Type and without Content-Encoding: its magic bytes decide.

    Raises TooLarge before more than `limit` bytes are held, packed or unpacked; InvalidCall for broken gzip.
    """
    body = await read_bytes(receive, declared_length=declared_length, limit=limit)
    return _unpacked(body, limit) if body.startswith(_GZIP) else body


def check_encoding(content_encoding: bytes) -> None:
    """Raise Problem 415 for a packing that is not taken; any other name says nothing, for the first bytes do."""
    stated = content_encoding.decode("latin-1").strip().lower()
    if stated in _OTHER_PACKINGS:
        raise Problem(415, "unsupported_encoding", f"Content-Encoding {stated} is not taken; send gzip, or none")


async def read_bytes(receive: Receive, *, declared_length: bytes | None, limit: int) -> bytes:
    """The body as it was sent. Raises TooLarge before more than `limit` bytes are held."""
    if declares_more(declared_length, limit):
        raise _too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        body = await _rest(receive, body, limit)
    elif message["type"] == "http.disconnect":
        raise ClientDisconnect
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _rest(receive: Receive, first: bytes, limit: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more:
        if size > limit:
            raise _too_large(limit)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


def _unpacked(packed: bytes, limit: int) -> bytes:
    members: list[bytes] = []
    room = limit
    while packed:
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            member = stream.decompress(packed, room + 1)
        except zlib.error as error:
            raise InvalidCall("invalid_gzip", f"the body is broken gzip: {error}") from error
        room -= len(member)
        if room < 0:
            raise _too_large(limit)
        if not stream.eof:
            raise InvalidCall("invalid_gzip", "the body is gzip that ends too early")
        members.append(member)
        packed = stream.unused_data
    return b"".join(members)


def _too_large(limit: int) -> TooLarge:
    return TooLarge("body_too_large", f"the body is larger than {limit} bytes")
