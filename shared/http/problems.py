"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from shared.bus.ports import BusOverloaded, BusUnavailable
from shared.http.addresses import loggable_path
from shared.http.answer_headers import RETRY_AFTER, WWW_AUTHENTICATE
from shared.http.validation import what_is_wrong
from shared.sql.troubles import is_trouble
from shared.telemetry.trace import current_traceparent, trace_id
from shared.versions import VersionConflict

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_NO_ROUTE = "nothing is at this address; /docs shows what this service has"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a request: where (a JSON pointer, or `query.limit`) and what."""

    where: str
    detail: str


def _nowhere(_error: Exception) -> Sequence[Flaw]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSpec:
    """How a domain error is told over HTTP; `flaws` are its places in the request, where it knows them."""

    status: int
    code: str
    title: str
    flaws: Callable[[Any], Sequence[Flaw]] = _nowhere


@dataclass
class Problem(Exception):
    """An error a route answers with. `code` is stable and for programs, `detail` for people."""

    status: int
    code: str
    detail: str
    errors: Sequence[Flaw] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def invalid_request(flaws: Sequence[Flaw]) -> Problem:
    """A request that is not valid, and where; the first flaw is told in words, too."""
    first = f"{flaws[0].where}: {flaws[0].detail}" if flaws else "the request is not valid"
    return Problem(422, "invalid_request", first, errors=flaws)


class ProblemFlaw(BaseModel):
    """One thing wrong with the request."""

    where: str
    detail: str


class ProblemBody(BaseModel):
    """RFC 9457 problem details. `message` repeats `detail` for clients that look for it there."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    message: str
    instance: str
    trace_id: str | None = None
    errors: list[ProblemFlaw] | None = None


_ALWAYS_WITH = {401: WWW_AUTHENTICATE, 429: RETRY_AFTER, 503: RETRY_AFTER}


def _documented(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    documented = {"description": HTTPStatus(status).phrase, "content": content}
    return documented | ({"headers": _ALWAYS_WITH[status]} if status in _ALWAYS_WITH else {})


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: _documented(status) for status in (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503)
}
"""For a router's `responses`: what any route may answer beside its own."""

_DATABASE_AWAY = ProblemSpec(status=503, code="database_unavailable", title="The database does not answer")
STANDARD_PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    OperationalError: _DATABASE_AWAY,
    BusUnavailable: ProblemSpec(status=503, code="bus_unavailable", title="The event bus does not answer"),
    VersionConflict: ProblemSpec(status=412, code="version_conflict", title="It changed since you read it"),
    BusOverloaded: ProblemSpec(status=429, code="overloaded", title="Too much is waiting to be stored"),
}


def problem_response(request: Request, problem: Problem, title: str | None = None) -> Response:
    """Render `problem`; 429 and 503 always say when to come back."""
    traceparent = current_traceparent.get()
    body: dict[str, Any] = {
        "type": f"urn:rapport:problem:{problem.code}",
        "title": title or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "message": problem.detail,
        "instance": request.url.path,
    }
    if traceparent:
        body["trace_id"] = trace_id(traceparent)
    if problem.errors:
        body["errors"] = [{"where": flaw.where, "detail": flaw.detail} for flaw in problem.errors]
    headers = dict(problem.headers)
    if problem.status in (429, 503):
        headers.setdefault("Retry-After", "1")
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def install_problems(app: FastAPI, table: Mapping[type[Exception], ProblemSpec]) -> None:
    """Answer the errors of `app` that have a name with a problem: the service's own by `table`."""

    def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problem_response(request, error)

    def by_status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).name.lower()
        headers, detail = dict(error.headers or {}), str(error.detail)
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = _NO_ROUTE
        elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_allowed(request))
            detail = f"{request.method} cannot be done at this address; there are {headers['Allow']}"
        return problem_response(request, Problem(error.status_code, code, detail, headers=headers))

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(request, _invalid(error))

    def database_trouble(request: Request, error: Exception) -> Response:
        """A standby, for one, is no operational error to the driver."""
        if not is_trouble(error):
            raise error
        response: Response = _by_table(_DATABASE_AWAY)(request, error)
        return response

    app.add_exception_handler(Problem, told)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(DBAPIError, database_trouble)
    for error_type, spec in {**STANDARD_PROBLEMS, **table}.items():
        app.add_exception_handler(error_type, _by_table(spec))


def _allowed(request: Request) -> list[str]:
    """The methods of every route at this address; the framework names those of the first one only."""
    stated = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.router.routes
        )
    ]
    return ["GET", "HEAD", *stated[1:]] if "GET" in stated else stated


def _by_table(spec: ProblemSpec) -> Any:
    def handler(request: Request, error: Exception) -> Response:
        if spec.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.warning(spec.title, extra={"reason": str(error), "path": loggable_path(request.scope)})
            return problem_response(request, Problem(spec.status, spec.code, spec.title), spec.title)
        problem = Problem(spec.status, spec.code, str(error) or spec.title, errors=spec.flaws(error))
        return problem_response(request, problem, spec.title)

    return handler


def _invalid(error: RequestValidationError) -> Problem:
    return invalid_request([Flaw(where, detail) for where, detail in what_is_wrong(error.errors(), error.body)])
