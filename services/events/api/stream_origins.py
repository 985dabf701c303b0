"""Lets pages of any origin read the stream: who may is said by the key they send, never by a cookie."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PATH = "/v1/stream"
_DAY_S = 86_400


class StreamForBrowsers:
    """Cross-Origin Resource Sharing for `/v1/stream` and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET"],
            allow_headers=["Authorization", "Last-Event-ID"],
            expose_headers=["Retry-After"],
            max_age=_DAY_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        meant = scope["type"] == "http" and scope["path"] == _PATH
        await (self._shared if meant else self._app)(scope, receive, send)
