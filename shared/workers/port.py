"""What a worker answers over HTTP: /healthz for whoever restarts it, /metrics for Prometheus."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import make_wsgi_app

Silent = Callable[[], Sequence[str]]
"""The names of the loops that give no sign of life."""


def serve_worker_port(silent: Silent, *, host: str, port: int) -> None:
    """Answer in a thread of its own from now on. Raises OSError when the port is taken."""
    metrics = make_wsgi_app()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return _health(silent(), start) if environ["PATH_INFO"] == "/healthz" else metrics(environ, start)

    server = make_server(host, port, answer, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="worker-port", daemon=True).start()


def _health(silent: Sequence[str], start: StartResponse) -> Iterable[bytes]:
    """200 while every loop shows that it lives, else a 503 that names those that do not."""
    status = "503 Service Unavailable" if silent else "200 OK"
    body = {"status": "silent", "loops": list(silent)} if silent else {"status": "ok"}
    start(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A probe every few seconds is nothing to tell."""
