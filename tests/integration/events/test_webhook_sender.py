"""One attempt against servers that misbehave: whatever they do, it ends in time, says why, and takes little memory."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.events.adapters.http.resolver import Resolver
from services.events.adapters.http.webhook_sender import WebhookSender
from services.events.domain.webhooks.destinations import Address, Borders
from services.events.domain.webhooks.retries import Answer
from services.events.use_cases.webhooks.ports import Post

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOCAL = Borders.of(["127.0.0.0/8"])
DEADLINE_S = 0.6
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server's port; `talk` begins once a connection stands."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    serving = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls)
    yield serving.sockets[0].getsockname()[1]
    serving.close()


async def send(url: str, *, resolver: Resolver | None = None, borders: Borders = LOCAL) -> Answer:
    sender = WebhookSender(resolver or Resolver(), borders, deadline_s=DEADLINE_S, clock=lambda: NOW)
    began = monotonic()
    answer = await sender.send(Post(url=url, headers={"webhook-id": "1"}, body=b"{}"))
    assert monotonic() - began < DEADLINE_S + 1
    sender.close()
    return answer


def met(talk: Talk, *, scheme: str = "http", tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Answer:
    """What an attempt at such a server comes to."""

    async def scene() -> Answer:
        async with server(talk, tls=tls) as port:
            return await send(f"{scheme}://{host}:{port}/")

    return asyncio.run(scene())


def saying(*parts: bytes, pause_s: float = 0.0, endless: bool = False) -> Talk:
    """Reads the request, says `parts`, the last of them for ever if `endless`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        for part in parts:
            writer.write(part)
        while endless:
            writer.write(parts[-1])
            await writer.drain()
            await asyncio.sleep(pause_s)
        await writer.drain()
        await asyncio.sleep(0.05)

    return talk


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()
    await asyncio.sleep(DEADLINE_S * 2)


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (silent, "no complete answer within"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b".", pause_s=0.02, endless=True), "within"),
        (saying(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", pause_s=0.02, endless=True), "within"),
        (saying(b"HTTP/1.1 200 OK\r\n", b"X: %b\r\n" % (b"y" * 4096), endless=True), "head is too long"),
        (saying(b"HTTP/1.1 100 Continue\r\n\r\n", endless=True), "too long"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "closed"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), "no HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "no HTTP"),
        (saying(b"\x16\x03\x01 no http"), "no HTTP"),
        (saying(b"HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n"), "no HTTP"),
        (saying(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), "no HTTP"),
        (saying(), "closed"),
    ],
)
def test_an_answer_that_is_none_is_a_failure_with_its_reason(talk: Talk, reason: str) -> None:
    answer = met(talk)
    assert (answer.status, answer.succeeded, answer.throttles) == (None, False, True)
    assert reason in str(answer.error)


NO = b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("more", [NO, NO[:9], b"\r\n\r\n", b"x"])
@pytest.mark.parametrize("pause_s", [0.0, 0.1])
def test_what_nobody_asked_for_is_no_answer_to_this_request_or_the_next(more: bytes, pause_s: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n{}"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes" + (b"" if pause_s else more))
            await asyncio.sleep(pause_s)
            writer.write(more if pause_s else b"")

    async def scene() -> list[Answer]:
        async with server(talk) as port:
            sender = WebhookSender(Resolver(), LOCAL, deadline_s=DEADLINE_S)
            answers = []
            for _ in range(3):
                answers.append(await sender.send(Post(url=f"http://127.0.0.1:{port}/", headers={}, body=b"{}")))
                await asyncio.sleep(2 * pause_s)
            sender.close()
            return answers

    assert [(answer.status, answer.excerpt) for answer in asyncio.run(scene())] == [(200, "yes")] * 3


def test_of_a_long_answer_no_more_is_read_than_is_kept() -> None:
    answer = met(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"x" * 65_536, endless=True))
    assert (answer.status, answer.error, answer.excerpt) == (200, None, "x" * 1_024)


def test_a_handshake_that_never_ends_is_within_the_deadline_too() -> None:
    answer = met(silent, scheme="https")
    assert (answer.status, "within" in str(answer.error)) == (None, True)


def test_a_port_that_nobody_listens_on_and_a_name_without_an_address_are_failures() -> None:
    async def closed_port() -> int:
        async with server(silent) as port:
            return port

    refused = asyncio.run(send(f"http://127.0.0.1:{asyncio.run(closed_port())}/"))
    assert (refused.status, bool(refused.error)) == (None, True)
    nowhere = asyncio.run(send("https://nowhere.invalid/"))
    assert nowhere.status is None
    assert "nowhere.invalid" in str(nowhere.error) or "within" in str(nowhere.error)


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    said = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    answer = met(said, scheme="https", tls=context)
    assert answer.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in str(answer.error)


class Rebinding(Resolver):
    """A name that leads outside when it is first asked for, and inside from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def addresses(self, host: str) -> Sequence[Address]:
        self.asked += 1
        return [ipaddress.ip_address("192.0.2.1" if self.asked > 1 else "127.0.0.1")]


def test_a_name_that_moves_inside_is_refused_at_the_next_connection() -> None:
    connections = 0

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")(reader, writer)

    async def scene() -> list[Answer]:
        async with server(answering) as port:
            sender = WebhookSender(Rebinding(), LOCAL, deadline_s=DEADLINE_S)
            post = Post(url=f"http://moving.example:{port}/", headers={}, body=b"{}")
            return [await sender.send(post) for _ in range(2)]

    first, second = asyncio.run(scene())
    assert (first.status, second.status, connections) == (200, None, 1)
    assert "not on the public internet" in str(second.error)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    said = saying(b"HTTP/1.1 503 Busy\r\nRetry-After: %b\r\nContent-Length: 0\r\n\r\n" % value.encode())
    answer = met(said)
    assert (answer.status, answer.retry_after_s) == (503, seconds)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_for_an_answer_are_dealt_with(said: bytes) -> None:
    answer = met(saying(said))
    assert answer.status is None or 100 <= answer.status <= 999
    assert (answer.status is None) is (answer.error is not None)
