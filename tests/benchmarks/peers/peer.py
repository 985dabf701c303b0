"""What stands beside ingestion in its benchmark: a server that is measured, and an open-source peer that can be run.

Errors: ServerMissingError where a peer cannot be had on this machine; it says why.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.events_api import requests
from tests.support.real_servers import ServerMissingError, kill_group, stop_process, wait_for_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Who is measured, what it is sent for so many events a request, and how its answers end."""

    port: int
    process: psutil.Process
    requests: Callable[[int], list[bytes]] = requests
    answer_end: bytes = b"}"
    warm_up_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Peer:
    """Another gateway: as durable on its own disk without a bus URL as our log, and on the broker of one as our bus.

    `running` raises ServerMissingError.
    """

    name: str
    running: Callable[[str | None], AbstractContextManager[Server]]


@contextmanager
def running(command: Sequence[str | Path], *, folder: Path, port: int) -> Iterator[psutil.Popen]:
    """The process, once its port answers. Raises ServerMissingError with the end of what it said where none does."""
    said = folder / "server.log"
    with said.open("ab") as log:
        process = psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    if not wait_for_port(port, alive=process, timeout_s=60):
        kill_group(process.pid)
        raise ServerMissingError(f"it did not start:\n{said.read_text(errors='replace')[-2000:]}")
    try:
        yield process
    finally:
        stop_process(process.pid)


def post(path: str, body: bytes) -> bytes:
    """A request over HTTP/1.1 with JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
