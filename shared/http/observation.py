"""Each request gets a trace id, a line in the log and a place in the histogram."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.addresses import loggable_path
from shared.http.problems import Problem, problem_response
from shared.telemetry.metrics import HTTP_SECONDS
from shared.telemetry.trace import accept_traceparent, current_traceparent, is_sampled

_log = logging.getLogger("rapport.http")
_UNFORESEEN = Problem(500, "internal_error", "Something failed here; it has been logged.")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class ObserveRequests:
    """Outermost middleware of every service; probes are measured but not logged one by one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        traceparent = accept_traceparent(header.decode("latin-1"))
        token = current_traceparent.set(traceparent)
        began, status = perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            _log.exception("unforeseen error", extra={"path": loggable_path(scope)})
            if status:
                raise
            await problem_response(Request(scope), _UNFORESEEN)(scope, receive, noting)
        finally:
            self._note(scope, status, perf_counter() - began, sampled=is_sampled(traceparent))
            current_traceparent.reset(token)

    def _note(self, scope: Scope, status: int, seconds: float, *, sampled: bool) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(seconds)
        if sampled or status >= 500 or scope["path"] not in _QUIET:
            _log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": loggable_path(scope),
                    "status": status,
                    "milliseconds": round(seconds * 1000, 2),
                },
            )
