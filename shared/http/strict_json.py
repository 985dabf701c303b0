"""JSON request bodies, read strictly: what one database or another reader could not hold is refused here (RFC 8259)."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response, params
from fastapi.routing import APIRoute

from shared.http.problems import Problem
from shared.http.query_parameters import check_names, names_of

MAX_DEPTH = 64
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def read_json(body: bytes) -> Any:
    """The value in `body`, of which a byte order mark is no part (RFC 8259, section 8.1).

    Raises Problem 400: not UTF-8, not JSON, NaN or Infinity, a lone surrogate, NUL, or more than 64 levels deep.
    """
    if _NUL.search(body):
        raise Problem(400, "invalid_json", "the character U+0000 cannot be stored")
    if _depth(body) > MAX_DEPTH:
        raise Problem(400, "invalid_json", f"nested more than {MAX_DEPTH} levels deep")
    try:
        return orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise Problem(400, "invalid_json", f"the body is not JSON: {error}") from error


def _depth(body: bytes) -> int:
    """The depth of brackets outside strings."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for token in _STRUCTURE.findall(body):
        if token in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"]}":
            depth -= 1
    return deepest


_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Brackets and strings, also one that never ends: else each quote in it would be tried as the beginning of another."""


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        instead = f"not {media_type}" if media_type else "which this request does not have"
        raise Problem(415, "unsupported_media_type", f"send Content-Type: application/json, {instead}")


class StrictRequest(Request):
    """A request whose `json()` is `read_json`."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that reads its body and its query parameters strictly; every router of a service uses it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)
        known = names_of(self.dependant)

        async def strict(request: Request) -> Response:
            check_names(request, known)
            strictly = StrictRequest(request.scope, request.receive)
            if takes_json:
                _require_json(request.headers.get("content-type", ""))
                await strictly.json()  # here, because FastAPI would reword what it raises
            return await handle(strictly)

        return strict
