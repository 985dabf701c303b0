"""A partner's web server: real sockets, one behaviour a path, and everything that reached it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_ANSWERS = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "/500": b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nno\x00!",
    "/410": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "/429": b"HTTP/1.1 429 Slower\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "/in-an-hour": b"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n",
    "/nonsense": b"SSH-2.0-nothing\r\n",
    "/until-closed": b"HTTP/1.1 200 OK\r\n\r\nno length",
    "/long": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n%b\r\n" % (b"x" * 4096) * 64,
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
}
_CLOSES = {"/nonsense", "/until-closed", "/long"}


@dataclass(frozen=True)
class Arrived:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Partner:
    """Serves on 127.0.0.1 in a thread; `/flaky` fails once for each webhook-id."""

    def __init__(self, *, pause_s: float = 0.0) -> None:
        self.arrived: list[Arrived] = []
        self.connections = 0
        self.port = 0
        self._pause_s = pause_s
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def url(self, path: str) -> str:
        """The address of a behaviour."""
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> Sequence[Arrived]:
        """What reached a path, in order."""
        return [each for each in self.arrived if each.path == path]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=1_000))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        talks = asyncio.all_tasks(self._loop)
        for talk in talks:
            talk.cancel()
        self._loop.run_until_complete(asyncio.gather(*talks, return_exceptions=True))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                path = first.split(" ")[1]
                self.arrived.append(Arrived(path, headers, body, time.time()))
                await asyncio.sleep(self._pause_s)
                await self._answer(path, headers["webhook-id"], writer)
                if path in _CLOSES:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, webhook_id: str, writer: asyncio.StreamWriter) -> None:
        match path.split("/")[1]:
            case "hang":
                await asyncio.sleep(3600)
            case "drip":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    writer.write(b".")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            case "redirect":
                writer.write(f"HTTP/1.1 302 Found\r\nLocation: {self.url('/followed')}\r\n".encode())
                writer.write(b"Content-Length: 0\r\n\r\n")
            case "flaky":
                first = sum(each.headers["webhook-id"] == webhook_id for each in self.arrived) == 1
                writer.write(_ANSWERS["/500" if first else "/ok"])
            case _:
                writer.write(_ANSWERS.get(path, _ANSWERS["/ok"]))
        await writer.drain()
