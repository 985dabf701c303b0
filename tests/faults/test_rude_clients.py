"""Clients that hold connections open or send far too much cost a bounded amount."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse, parse_headers
from typing import Any

import httpx
import pytest

from tests.support.suite import SERVICES, WRITE_KEY, Suite

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
MEGABYTE = 1024 * 1024
HALF_REQUESTS = {
    "half a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "half a body": b"POST /v1/api-keys HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "nothing": b"",
}
POSTS = {
    "events": "/v1/batch",
    "profile": "/v1/segments",
    "messaging": "/v1/templates",
    "scoring": "/v1/score-runs",
}
"""A route of each service that takes a body."""


def seconds_until_closed(port: int, request: bytes) -> float:
    """How long the server keeps a connection on which no request is ever completed."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        while connection.recv(4096):
            pass
    return time.monotonic() - began


def test_half_open_requests_are_closed(suite: Suite) -> None:
    attempts = [(service, kind) for service in SERVICES for kind in HALF_REQUESTS]
    with ThreadPoolExecutor(len(attempts)) as pool:
        ports = [suite.ports[service] for service, _ in attempts]
        kept = list(pool.map(seconds_until_closed, ports, [HALF_REQUESTS[kind] for _, kind in attempts]))
    slow = {attempt: seconds for attempt, seconds in zip(attempts, kept, strict=True) if seconds > 12}
    assert not slow
    assert all(map(suite.ready, SERVICES))


NO_REQUESTS = {
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown method": b"FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n",
    "an endless address": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 2\r\n\r\n{}",
    "a negative length": b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
}


@pytest.mark.parametrize("kind", NO_REQUESTS)
def test_what_is_no_request_is_told_as_a_problem(suite: Suite, kind: str) -> None:
    for service in SERVICES:
        with socket.create_connection(("127.0.0.1", suite.ports[service]), timeout=20) as connection:
            connection.sendall(NO_REQUESTS[kind])
            answer = HTTPResponse(connection)
            answer.begin()
            problem = json.loads(answer.read())
        assert (answer.status, problem["status"], problem["code"]) == (400, 400, "invalid_http")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_clients_from_before_hosts_are_answered(suite: Suite) -> None:
    for service in SERVICES:
        with socket.create_connection(("127.0.0.1", suite.ports[service]), timeout=20) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            answer = HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200


WISHES = {
    "HTTP/2": b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
    "web sockets": b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
}
"""Java's HttpClient wishes for HTTP/2 with the first request of each connection, until it is told not to."""
BODIES = {
    "of a known length": b"Content-Length: 40\r\n\r\n" + b'{"event":"Wished","userId":"u","more":1}',
    "in chunks": b"Transfer-Encoding: chunked\r\n\r\n"
    + b'14\r\n{"event":"Wished","u\r\n14\r\nserId":"u","more":1}\r\n0\r\n\r\n',
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("at_once", [True, False])
def test_who_wishes_for_another_protocol_is_answered_in_this_one(
    suite: Suite, wish: str, body: str, at_once: bool
) -> None:
    key = b64encode(f"{WRITE_KEY}:".encode())
    request = (
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + key + b"\r\n" + WISHES[wish] + BODIES[body]
    )
    with socket.create_connection(("127.0.0.1", suite.ports["events"]), timeout=20) as connection:
        for piece in [request * 3] if at_once else [request[:100], request[100:-20], request[-20:], request, request]:
            connection.sendall(piece)
        assert list(answers(connection, 3)) == [(200, {"success": True})] * 3


def answers(connection: socket.socket, count: int) -> Iterator[tuple[int, Any]]:
    """Answers that may come together: an HTTPResponse for each would read into the next one and lose it."""
    stream = connection.makefile("rb")
    for _ in range(count):
        status = int(stream.readline().split()[1])
        yield status, json.loads(stream.read(int(parse_headers(stream)["Content-Length"])))


@pytest.mark.parametrize("service", SERVICES)
def test_a_length_of_thousands_of_digits_is_a_length(suite: Suite, service: str) -> None:
    with socket.create_connection(("127.0.0.1", suite.ports[service]), timeout=20) as connection:
        length = b"0" * 5_000 + b"3000000"
        connection.sendall(b"POST %b HTTP/1.1\r\nHost: x\r\n" % POSTS[service].encode())
        connection.sendall(b"Authorization: Basic eDo=\r\nContent-Type: application/json\r\nContent-Length: ")
        connection.sendall(length + b"\r\n\r\n" + b" " * 3_000_000)
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status in (401, 413), answer.read()


TO_ADD_TO = {
    "a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ",
    "a size of a chunk": b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    "trailers": b"POST /v1/m HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
}


@pytest.mark.parametrize("kind", TO_ADD_TO)
def test_what_is_no_body_may_not_go_on_without_end(suite: Suite, kind: str) -> None:
    sent = 0
    with (
        socket.create_connection(("127.0.0.1", suite.ports["events"]), timeout=20) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(TO_ADD_TO[kind])
        while sent < 60 * MEGABYTE:
            sent += connection.send(b"a" * 65_536)
    assert sent < 30 * MEGABYTE, "it was all read"
    assert suite.ready("events")


def chunks(megabytes: int) -> Iterator[bytes]:
    chunk = b" " * MEGABYTE
    for _ in range(megabytes):
        yield chunk


def refusal(client: httpx.Client, path: str, content: bytes | Iterator[bytes]) -> int:
    """The status, or 413 as well when the server refused and hung up while the body was still on its way."""
    try:
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        return 413
    return answer.status_code


@pytest.mark.parametrize("service", SERVICES)
def test_bodies_without_end_are_refused_before_they_are_read(suite: Suite, service: str) -> None:
    path = POSTS[service]
    bomb = gzip.compress(b" " * 400 * MEGABYTE, 9)
    with suite.client(service) as client:
        if service == "events":
            client.auth = httpx.BasicAuth(WRITE_KEY, "")
            client.headers.pop("authorization")
        assert refusal(client, path, b" " * 3 * MEGABYTE) == 413
        before = suite.memory(f"{service}-api")
        assert refusal(client, path, chunks(200)) == 413
        assert refusal(client, path, bomb) in (400, 413)
        grown = (suite.memory(f"{service}-api") - before) / MEGABYTE
    assert grown < 50
    assert suite.ready(service)
