"""The limit of the HTTP layer: the server of every service with an application that reads and answers 200."""

from __future__ import annotations

import sys

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.server import serve

_BODY = b'{"success": true}'
_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())],
}


class AnswerAll:
    """Reads each body to its end and keeps nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        await send(_START)
        await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    bare = FastAPI()
    bare.add_middleware(AnswerAll)
    serve(bare, host="127.0.0.1", port=int(sys.argv[1]))
