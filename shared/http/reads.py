"""What RFC 9110 promises to those who read: HEAD wherever there is GET, and 304 for what they have already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_VERSION = re.compile(rb'"[0-9]+"')
_TAG = re.compile(rb'"[^"]*"')
_DIGEST_BYTES = 6
_OF_THE_BODY = frozenset({b"content-length", b"content-type"})
Headers = list[tuple[bytes, bytes]]


class BodyUnwanted(OSError):
    """No more of the body is sent; as a server says it of a client that is gone (ASGI 2.4), so that answers end."""


class AnswerReads:
    """HEAD is answered as GET is, without the body (section 9.3.2); If-None-Match with 304 (13.1.2).

    Much of what is shown changes without a new version, such as a segment's size: the ETag of a version, which stays
    good for `If-Match`, is told with a digest of the body behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        method, known = scope["method"], _values(scope["headers"], b"if-none-match")
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, _Answer(send, bodiless=method == "HEAD", known=known).send)
        except BodyUnwanted:
            return
        finally:
            scope.update({**as_get, "method": method})  # with the route, for whoever measures and logs


class _Answer:
    """Holds back the headers until the body begins, and the body where it is not wanted."""

    def __init__(self, send: Send, *, bodiless: bool, known: bytes) -> None:
        self._send = send
        self._bodiless = bodiless
        self._known = known
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(self._begun(start, message))
        if not self._bodiless:
            await self._send(message)
            return
        await self._send({"type": "http.response.body", "body": b""})
        if message.get("more_body"):
            raise BodyUnwanted

    def _begun(self, start: Message, first: Message) -> Message:
        headers: Headers = list(start["headers"])
        if start["status"] != 200 or not (tag := _values(headers, b"etag")):
            return start
        if _VERSION.fullmatch(tag) and not first.get("more_body"):
            tag = _with_digest(tag, first.get("body", b""))
            headers = [*((name, value) for name, value in headers if name != b"etag"), (b"etag", tag)]
        if not _is_known(tag, self._known):
            return {**start, "headers": headers}
        self._bodiless = True
        kept = [(name, value) for name, value in headers if name not in _OF_THE_BODY]
        return {**start, "status": 304, "headers": kept}


def _values(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return b", ".join(value for name, value in headers if name == wanted)


def _with_digest(tag: bytes, body: bytes) -> bytes:
    digest = hashlib.blake2s(body, digest_size=_DIGEST_BYTES).hexdigest()
    return b'%b.%b"' % (tag[:-1], digest.encode())


def _is_known(tag: bytes, known: bytes) -> bool:
    """By weak comparison (section 8.8.3.2): what is before the quotes does not matter."""
    return known.strip() == b"*" or tag.removeprefix(b"W/") in _TAG.findall(known)
