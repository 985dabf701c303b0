"""What a tracking client hears. Clients drop on 400, 401, 404 and 413, and retry on 408, 429, 500 and 503."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from services.events.domain.errors import EventsError, InvalidCall, TooLarge, UnknownWriteKey
from shared.bus.ports import BusError, BusOverloaded, RecordTooLarge
from shared.http.problems import Flaw, Problem, problem_response

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
_HEADER_LIST = re.compile(r"[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+){0,30}")
_USUAL_HEADERS = "authorization, content-type, content-encoding, x-retry-count, anonymousid"
_SUCCESS = b'{"success": true}'

SUCCESS_BODY: Message = {"type": "http.response.body", "body": _SUCCESS}


def success_start(origin: bytes | None) -> Message:
    """How an answer to a page of `origin`, or to a server, begins."""
    if origin is None:
        return _SUCCESS_START
    return {**_SUCCESS_START, "headers": _success_headers(_shared_with(origin.decode("latin-1")))}


def _success_headers(cors: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    named = {"content-type": "application/json", "content-length": str(len(_SUCCESS)), **cors}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]


_SUCCESS_START: Message = {"type": "http.response.start", "status": 200, "headers": _success_headers(_ANY_ORIGIN)}


def _shared_with(origin: str | None) -> Mapping[str, str]:
    """Cross-Origin Resource Sharing with any page, also where it sends its cookies along, which nobody reads here.

    sendBeacon does so always, and a browser drops what it was to send unless the origin is named.
    """
    if origin is None:
        return _ANY_ORIGIN
    return _ANY_ORIGIN | {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def preflight(scope: Scope) -> Response:
    """Let a page of any origin send calls, with the headers that it asks for: write keys are public.

    So may senders of CloudEvents that ask first (HTTP 1.1 Web Hooks for Event Delivery, section 4), at any rate.
    """
    headers = Request(scope).headers
    asked = headers.get("access-control-request-headers", "")
    agreed = {"Allow": "POST, OPTIONS", "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*"}
    return Response(
        status_code=204,
        headers={
            **_shared_with(headers.get("origin")),
            **(agreed if "webhook-request-origin" in headers else {}),
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": asked if _HEADER_LIST.fullmatch(asked) else _USUAL_HEADERS,
            "Access-Control-Max-Age": "86400",
            "Vary": "Origin, Access-Control-Request-Headers",
        },
    )


def refusal(scope: Scope, error: EventsError | BusError | DBAPIError | TimeoutError | Problem) -> Response:
    """The problem that `error` is to the client."""
    problem = error if isinstance(error, Problem) else _problem(error)
    return _problem_for(scope, problem)


def method_not_allowed(scope: Scope) -> Response:
    """Calls are sent with POST."""
    detail = f"{scope['method']} is not for this path; send POST"
    return _problem_for(scope, Problem(405, "method_not_allowed", detail, headers={"Allow": "POST, OPTIONS"}))


def _problem_for(scope: Scope, problem: Problem) -> Response:
    request = Request(scope)
    problem.headers = {**_shared_with(request.headers.get("origin")), **problem.headers}
    return problem_response(request, problem)


def _problem(error: Exception) -> Problem:
    match error:
        case TooLarge() | RecordTooLarge():
            return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error)
        case InvalidCall():
            return _said(HTTPStatus.BAD_REQUEST, error)
        case UnknownWriteKey():
            # Not "Basic": a browser would ask the visitor for a password.
            return Problem(401, "unknown_write_key", str(error), headers=_challenge("WriteKey"))
        case BusOverloaded():
            return Problem(429, "overloaded", "too much is waiting to be stored; send again later")
        case DBAPIError():
            return Problem(503, "database_unavailable", "the write key cannot be looked up now; send again")
        case _:
            return Problem(503, "bus_unavailable", "the calls cannot be stored now; send again")


def _said(status: int, error: Exception) -> Problem:
    code = getattr(error, "code", "event_too_large")
    where = getattr(error, "where", None)
    flaws = () if where is None else (Flaw(where, str(error)),)
    return Problem(status, code, str(error), errors=flaws)


def _challenge(scheme: str) -> Mapping[str, str]:
    return {"WWW-Authenticate": scheme}
