"""An events API in a process of its own, and requests to send to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import msgspec
import psutil

_WRITE_KEY = "wk_benchmark"
_BODIES = 50
_NOW = "2026-01-01T00:00:00.000Z"

Call = dict[str, object]
"""A call of the tracking API."""


@contextmanager
def events_api(bus_url: str | None) -> Iterator[tuple[int, psutil.Process]]:
    """The API on a new database, migrated and ready: its port and process. Its bus is embedded without a URL."""
    port = _free_port()
    command = [sys.executable, "-m", "services.events"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "RAPPORT_EVENTS_DATABASE_URL": f"sqlite:///{folder}/events.db",
            "RAPPORT_BUS_URL": bus_url or f"{folder}/bus",
            "RAPPORT_EVENTS_PORT": str(port),
            "RAPPORT_DEV_WRITE_KEY": _WRITE_KEY,
            "RAPPORT_LOG_LEVEL": "WARNING",
        }
        subprocess.run([*command, "migrate"], env=environment, check=True)
        with _running(subprocess.Popen([*command, "api"], env=environment), port, "/readyz") as process:
            yield port, process


@contextmanager
def bare_http() -> Iterator[tuple[int, psutil.Process]]:
    """The same server in front of an application that only answers."""
    port = _free_port()
    command = [sys.executable, "-m", "tests.benchmarks.bare_http", str(port)]
    with _running(subprocess.Popen(command), port, "/") as process:
        yield port, process


def requests(events: int) -> list[bytes]:
    """A few requests over HTTP/1.1 with so many events each, of about 330 bytes, by some thousand customers."""
    return [_request(calls) for calls in calls_of_requests(events)]


def calls_of_requests(events: int) -> list[list[Call]]:
    """What `requests` sends: the calls of each request."""
    return [[_call(number * events + index) for index in range(events)] for number in range(_BODIES)]


def _request(calls: Sequence[Call]) -> bytes:
    path, body = ("/v1/track", calls[0]) if len(calls) == 1 else ("/v1/batch", {"batch": calls, "sentAt": _NOW})
    encoded = msgspec.json.encode(body)
    key = b64encode(f"{_WRITE_KEY}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Basic {key}\r\n"
        f"Content-Length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded


def _call(number: int) -> Call:
    return {
        "type": "track",
        "messageId": f"benchmark-{number:032d}",
        "userId": f"user-{number}",
        "event": "Product Viewed",
        "timestamp": _NOW,
        "context": {
            "library": {"name": "analytics-python", "version": "2.4.0"},
            "page": {"path": f"/products/{number}", "referrer": "https://example.com/lanterns"},
        },
        "integrations": {},
        "properties": {"product_id": f"{number}", "sku": f"A-{number}", "name": "Paper lantern", "price": 12.5},
    }


@contextmanager
def _running(process: subprocess.Popen[bytes], port: int, path: str) -> Iterator[psutil.Process]:
    try:
        _wait_ready(port, path)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(port: int, path: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the server did not become ready within 10 s")
