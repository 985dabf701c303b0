"""Speaking with the events service: its problems become one line, and what may be sent again is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from deploy.command.failures import Refused, Unreachable

_TRIES = 5
_PAUSE_S = 1.0
_PIECE_BYTES = 256 * 1024
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_TOO_BUSY = frozenset({429, 503})


class Api:
    """The service at `url`, with an API key. Raises Refused or Unreachable wherever it answers with a problem."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at a path."""
        return self._send("GET", path, params=query).json()

    def text(self, path: str) -> bytes:
        """The bytes at a path."""
        return self._send("GET", path).content

    def beginning(self, path: str, *, most: int) -> bytes:
        """The first bytes at a path, without reading the others."""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                return next(_checked(answer).iter_bytes(most), b"")
        except httpx.TransportError as error:
            raise Unreachable(f"{self._http.base_url} does not answer: {error or type(error).__name__}") from error

    def every(self, path: str, **query: str | int) -> Iterator[Any]:
        """Every entry of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def post(self, path: str, body: Any | None = None) -> Any:
        """What a POST of JSON answers; sent again under the same key if no answer came."""
        return self._send("POST", path, json=body, headers={"Idempotency-Key": str(uuid4())}).json()

    def put(self, path: str, body: Any, *, etag: str) -> Any:
        """What a PUT of JSON answers, if nobody has changed it since."""
        return self._send("PUT", path, json=body, headers={"If-Match": etag}).json()

    def etag(self, path: str) -> str | None:
        """The version of what is at a path; None if nothing is."""
        answer = self._answer("GET", path)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _checked(answer).headers["ETag"]

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._send("DELETE", path)

    def upload(self, path: str, file: Path, *, media_type: str, sent: Callable[[int], None]) -> Any:
        """What uploading a file answers; `sent` is told how many bytes are on their way."""
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(file.stat().st_size),
            "Idempotency-Key": str(uuid4()),
        }
        return self._send(
            "POST", path, params={"name": file.name}, headers=headers, body=lambda: _pieces(file, sent)
        ).json()

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        return _checked(self._answer(method, path, **parts))

    def _answer(
        self, method: str, path: str, *, body: Callable[[], Iterator[bytes]] | None = None, **parts: Any
    ) -> httpx.Response:
        for tries_left in reversed(range(_TRIES)):
            answer: httpx.Response | None = None
            try:
                answer = self._once(method, path, **parts, **({"content": body()} if body else {}))
            except httpx.TransportError as error:
                if not tries_left:
                    where = self._http.base_url
                    raise Unreachable(f"{where} does not answer: {error or type(error).__name__}") from error
            if answer is not None and not (answer.status_code in _TOO_BUSY and tries_left):
                return answer
            time.sleep(_PAUSE_S)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **parts)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused(
                f"not the address of a service: {self._http.base_url}; such as http://127.0.0.1:8104"
            ) from error


def _pieces(file: Path, sent: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE_BYTES):
            yield piece
            done += len(piece)
            sent(done)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    said = f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}"
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        problem = answer.json()
        flaws = [f"{flaw['where']}: {flaw['detail']}" for flaw in problem.get("errors") or ()]
        said = f"{'; '.join(flaws) or problem['detail']} ({problem['code']})"
    raise (Unreachable if answer.is_server_error or answer.status_code in _TOO_BUSY else Refused)(said)
