"""Limits on what a client may send, applied before anything reads it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem, problem_response

_LONGEST_LENGTH = 20


class BodyTooLarge(Exception):
    """More arrived than the limit allows."""


class LimitRequests:
    """Refuses bodies over `max_body` bytes (`larger`: those of single paths) with 413, NUL in the address with 400."""

    def __init__(self, app: ASGIApp, *, max_body: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._max_body = max_body
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], self._max_body)
        if problem := _refusal(scope, limit):
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        await self._limited(scope, receive, send, limit)

    async def _limited(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        received, started = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge
            return message

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noting)
        except BodyTooLarge:
            if not started:
                await problem_response(Request(scope), _too_large(limit))(scope, receive, send)


def declares_more(content_length: bytes | None, limit: int) -> bool:
    """Whether a Content-Length is larger than `limit`; any number of zeros may stand before it."""
    stated = b"" if content_length is None else content_length.lstrip(b"0")[:_LONGEST_LENGTH]
    return stated.isdigit() and int(stated) > limit


def _refusal(scope: Scope, limit: int) -> Problem | None:
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return Problem(400, "invalid_address", "the address contains U+0000")
    return _too_large(limit) if declares_more(dict(scope["headers"]).get(b"content-length"), limit) else None


def _too_large(limit: int) -> Problem:
    return Problem(413, "too_large", f"the body is larger than {limit} bytes")
