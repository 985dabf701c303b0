"""One SMTP connection (RFC 5321): greeting, TLS, authentication, and messages with PIPELINING (RFC 2920).

Errors::

    ConnectionError
     +-- HungUp         the other side closed, said 421, or answered what is no SMTP
     +-- LoginRefused   the server took neither the greeting nor the credentials
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from typing import NamedTuple

from services.messaging.adapters.smtp.batch import Batch, Envelope
from services.messaging.adapters.smtp.server import SmtpServer
from services.messaging.domain.deliveries import Answer

_MAX_REPLY_LINES = 100
_REPLY = re.compile(rb"^(\d{3})([ -]?)(.*?)\r?\n$", re.DOTALL)


class HungUp(ConnectionError):
    """The other side closed, said 421, or answered what is no SMTP."""


class LoginRefused(ConnectionError):
    """The server took neither the greeting nor the credentials."""


class Reply(NamedTuple):
    """A reply code and its text."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def answer(self) -> Answer:
        """What the reply means for a message."""
        if 200 <= self.code < 300:
            return Answer.ACCEPTED
        return Answer.REFUSED if self.code >= 500 else Answer.DEFERRED


class _Refusal(NamedTuple):
    reply: Reply
    content_awaited: bool


class SmtpSession:
    """An open connection that has said hello. Used by one task at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: SmtpServer) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server
        self._extensions: dict[str, str] = {}
        self._pipelining = False

    @classmethod
    async def open(cls, server: SmtpServer, *, hello: str) -> SmtpSession:
        """Connect, secure and log in. Raises OSError (HungUp and LoginRefused among them), TimeoutError."""
        context = ssl.create_default_context() if server.security != "none" else None
        async with asyncio.timeout(server.timeout_s):
            connecting = asyncio.open_connection(
                server.host, server.port, ssl=context if server.security == "tls" else None
            )
            reader, writer = await connecting
        session = cls(reader, writer, server)
        try:
            await session._begin(hello, context)
        except BaseException:
            writer.transport.abort()
            raise
        return session

    async def deliver(self, batch: Batch) -> None:
        """Send until the batch is empty. Raises OSError or TimeoutError when the connection ends before."""
        current: Envelope | None = None
        in_doubt: Envelope | None = None
        try:
            current = self._announce(batch)
            while current is not None:
                refusal = await self._permission(current)
                if refusal is None:
                    in_doubt, current = current, None
                    self._writer.write(_stuffed(in_doubt.content))
                    current = self._announce(batch)
                    reply = await self._reply()
                    batch.answer(in_doubt, reply.answer, str(reply))
                    in_doubt = None
                    _stay_on(reply)
                else:
                    batch.answer(current, refusal.reply.answer, str(refusal.reply))
                    current = None
                    await self._start_over(refusal)
                    current = self._announce(batch)
        finally:
            if in_doubt is not None:
                batch.answer(in_doubt, Answer.LOST, "the reply to the message was lost")
            if current is not None:
                batch.put_back(current)

    async def close(self) -> None:
        """Say goodbye without waiting long for an answer."""
        try:
            self._writer.write(b"QUIT\r\n")
            async with asyncio.timeout(1.0):
                await self._reader.readline()
        except (OSError, TimeoutError, ValueError):
            pass
        self._writer.transport.abort()

    async def _begin(self, hello: str, context: ssl.SSLContext | None) -> None:
        greeting = await self._reply()
        if greeting.code != 220:
            raise LoginRefused(str(greeting))
        await self._hello(hello)
        if self._server.security == "starttls" and context is not None:
            await self._expect(b"STARTTLS\r\n", 220)
            await self._writer.start_tls(context, server_hostname=self._server.host)
            await self._hello(hello)
        if self._server.user is not None:
            await self._log_in(self._server.user, self._server.password or "")

    async def _hello(self, hello: str) -> None:
        reply = await self._expect(f"EHLO {hello}\r\n".encode("ascii"), 250)
        lines = [line.split(None, 1) for line in reply.text.split("\n")[1:] if line.strip()]
        self._extensions = {words[0].upper(): " ".join(words[1:]) for words in lines}
        self._pipelining = "PIPELINING" in self._extensions

    async def _log_in(self, user: str, password: str) -> None:
        mechanisms = self._extensions.get("AUTH", "").upper().split()
        if "PLAIN" in mechanisms or "LOGIN" not in mechanisms:
            initial = b64encode(f"\0{user}\0{password}".encode())
            await self._expect(b"AUTH PLAIN " + initial + b"\r\n", 235)
        else:
            await self._expect(b"AUTH LOGIN\r\n", 334)
            await self._expect(b64encode(user.encode()) + b"\r\n", 334)
            await self._expect(b64encode(password.encode()) + b"\r\n", 235)

    async def _expect(self, command: bytes, code: int) -> Reply:
        self._writer.write(command)
        reply = await self._reply()
        if reply.code != code:
            raise LoginRefused(f"{command.split()[0].decode()} was answered {reply}")
        return reply

    def _announce(self, batch: Batch) -> Envelope | None:
        """Take the next envelope; with PIPELINING its commands go out at once, behind the content before."""
        while (envelope := batch.take()) is not None:
            if envelope.utf8 and "SMTPUTF8" not in self._extensions:
                batch.answer(envelope, Answer.REFUSED, "the server takes no addresses beyond ASCII")
                continue
            if self._pipelining:
                self._writer.write(b"".join(_commands(envelope)))
            return envelope
        return None

    async def _permission(self, envelope: Envelope) -> _Refusal | None:
        """Hear whether the content may come: None when it may. Raises HungUp."""
        refusal: Reply | None = None
        reply: Reply | None = None
        for command in _commands(envelope):
            if not self._pipelining:
                self._writer.write(command)
            reply = await self._reply()
            _stay_on(reply)
            if not 200 <= reply.code < 400:
                refusal = refusal or reply
                if not self._pipelining:
                    break
        content_awaited = reply is not None and reply.code == 354
        if refusal is None and not content_awaited:
            raise HungUp("the server answered DATA with something else than 354")
        return _Refusal(refusal, content_awaited) if refusal else None

    async def _start_over(self, refusal: _Refusal) -> None:
        """Leave the refused message behind. A server that let DATA through waits for content (RFC 2920, 3.1)."""
        self._writer.write(b".\r\n" if refusal.content_awaited else b"RSET\r\n")
        _stay_on(await self._reply())

    async def _reply(self) -> Reply:
        lines: list[str] = []
        async with asyncio.timeout(self._server.timeout_s):
            while len(lines) < _MAX_REPLY_LINES:
                try:
                    line = await self._reader.readline()
                except ValueError as error:
                    raise HungUp("the server sent an endless line") from error
                if not line:
                    raise HungUp("the server closed the connection")
                found = _REPLY.match(line)
                if found is None:
                    raise HungUp("the server does not speak SMTP")
                lines.append(found[3].decode("ascii", "replace"))
                if found[2] != b"-":
                    return Reply(int(found[1]), "\n".join(lines))
        raise HungUp("the server sent an endless reply")


def _stay_on(reply: Reply) -> None:
    """Raise HungUp when the server says that it closes the connection (RFC 5321 section 3.8)."""
    if reply.code == 421:
        raise HungUp(str(reply))


def _commands(envelope: Envelope) -> tuple[bytes, bytes, bytes]:
    extension = " SMTPUTF8" if envelope.utf8 else ""
    mail = f"MAIL FROM:<{envelope.sender}>{extension}\r\n".encode()
    return mail, f"RCPT TO:<{envelope.recipient}>\r\n".encode(), b"DATA\r\n"


def _stuffed(content: bytes) -> bytes:
    """The content with its dots doubled (RFC 5321 section 4.5.2) and its end; it ends with CRLF itself."""
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
