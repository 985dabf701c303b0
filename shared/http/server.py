"""Serving an application with uvicorn: bounded waits for slow clients, an orderly end."""

from __future__ import annotations

import asyncio
import signal
from http import HTTPStatus
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

from shared.http.problems import Problem, problem_response
from shared.http.steady_protocol import SteadyProtocol

_HEADERS_WITHIN_S = 10.0
_PATIENCE_BYTES = 64 * 1024
_MOST_BESIDE_BODY = 64 * 1024
_DRAIN_S = 20
_NOTHING_READ = {"type": "http", "path": "", "query_string": b"", "headers": ()}


class PatientProtocol(SteadyProtocol):
    """Closes a connection whose request has not fully arrived within ten seconds (slowloris).

    Every 64 KB of a body earn it ten seconds more, so that a large file may take its time. Headers, trailers and all
    else that is no body is held in memory, and the parser knows no limit: 64 KB of it in a row end the connection.
    A request that names no host, or two, is refused: a proxy might take it for another one (RFC 9112, section 3.2).
    """

    _deadline: asyncio.TimerHandle | None = None
    _arrived = 0
    _beside_body = 0
    _flaw = "what was sent is no request of HTTP/1.1"

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > _MOST_BESIDE_BODY and not self.transport.is_closing():
            self._refuse(Problem(431, "headers_too_large", f"the headers are larger than {_MOST_BESIDE_BODY} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._beside_body = 0
        self._arm()

    def on_headers_complete(self) -> None:
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts != 1 and self.parser.get_http_version() == "1.1":
            self._flaw = f"a request of HTTP/1.1 has one Host header, not {hosts}"
            raise ValueError(self._flaw)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._beside_body = 0
        self._arrived += len(body)
        if self._arrived >= _PATIENCE_BYTES:
            self._arm()

    def on_message_complete(self) -> None:
        self._disarm()
        self._beside_body = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told in the same words as all else that cannot be taken."""
        self._refuse(Problem(400, "invalid_http", self._flaw))

    def _refuse(self, problem: Problem) -> None:
        answer = problem_response(Request(_NOTHING_READ), problem)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        status = f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode()
        lines = [status, *(name + b": " + value for name, value in headers), b"", b""]
        self.transport.write(b"\r\n".join(lines) + bytes(answer.body))
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        self._disarm()
        self._arrived = 0
        self._deadline = self.loop.call_later(_HEADERS_WITHIN_S, self.transport.close)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """Says so to the application at once when it is asked to end, so that what would last for ever ends too."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.state.draining = True
        super().handle_exit(sig, frame)


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: then finish what was accepted, and end. Exits non-zero when the port is taken."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_DRAIN_S,
        backlog=1024,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_heeded)
    _Server(config, app).run()


def _already_heeded(_number: int, _frame: FrameType | None) -> None:
    """uvicorn raises the signal once more after an orderly end; dying of it would look like a failure."""
