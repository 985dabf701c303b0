"""One SMTP connection (RFC 5321): greeting, TLS, authentication, and messages with PIPELINING (RFC 2920).

Errors::

    ConnectionError
     +-- HungUp         (conversation)
     +-- LoginRefused   the server took neither the greeting nor the credentials
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from typing import NamedTuple

from services.messaging.adapters.smtp.batch import Batch, Envelope
from services.messaging.adapters.smtp.conversation import Conversation, HungUp, Reply
from services.messaging.adapters.smtp.server import SmtpServer
from services.messaging.domain.deliveries import Answer


class LoginRefused(ConnectionError):
    """The server took neither the greeting nor the credentials."""


class _Refusal(NamedTuple):
    reply: Reply
    content_awaited: bool


class SmtpSession:
    """An open connection that has said hello. Used by one task at a time."""

    def __init__(self, talk: Conversation, server: SmtpServer) -> None:
        self._talk = talk
        self._server = server
        self._extensions: dict[str, str] = {}
        self._pipelining = False
        self._unsent: list[bytes] = []

    @classmethod
    async def open(cls, server: SmtpServer, context: ssl.SSLContext | None, *, hello: str) -> SmtpSession:
        """Connect, secure and log in. Raises OSError (HungUp, LoginRefused, SSLError among them), TimeoutError."""
        at_once = context if server.security == "tls" else None
        async with asyncio.timeout(server.timeout_s):
            _, talk = await asyncio.get_running_loop().create_connection(
                Conversation, server.host, server.port, ssl=at_once
            )
        session = cls(talk, server)
        try:
            await session._begin(hello, context)
        except BaseException:
            talk.transport.abort()
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
                    self._unsent.append(_stuffed(in_doubt.content))
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
            self._talk.say(b"QUIT\r\n")
            await self._talk.reply(1.0)
        except (OSError, TimeoutError):
            pass
        self._talk.transport.abort()

    async def _begin(self, hello: str, context: ssl.SSLContext | None) -> None:
        greeting = await self._reply()
        if greeting.code != 220:
            raise LoginRefused(str(greeting))
        await self._hello(hello)
        if self._server.security == "starttls" and context is not None:
            await self._secure(context)
            await self._hello(hello)
        if self._server.user is not None:
            await self._log_in(self._server.user, self._server.password or "")

    async def _secure(self, context: ssl.SSLContext) -> None:
        await self._expect(b"STARTTLS\r\n", 220)
        self._talk.forget()
        async with asyncio.timeout(self._server.timeout_s):
            secured = await asyncio.get_running_loop().start_tls(
                self._talk.transport, self._talk, context, server_hostname=self._server.host
            )
        if secured is None:
            raise HungUp("the server closed the connection")
        self._talk.transport = secured

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
            await self._expect(b64encode(user.encode()) + b"\r\n", 334, said="AUTH")
            await self._expect(b64encode(password.encode()) + b"\r\n", 235, said="AUTH")

    async def _expect(self, command: bytes, code: int, *, said: str | None = None) -> Reply:
        """Errors quote no more than the command's name, or `said`: the rest may be a password."""
        self._unsent.append(command)
        reply = await self._reply()
        if reply.code != code:
            raise LoginRefused(f"{said or command.split()[0].decode()} was answered {reply}")
        return reply

    def _announce(self, batch: Batch) -> Envelope | None:
        """Take the next envelope; with PIPELINING its commands go out at once, behind the content before."""
        while (envelope := batch.take()) is not None:
            if envelope.utf8 and "SMTPUTF8" not in self._extensions:
                batch.answer(envelope, Answer.REFUSED, "the server takes no addresses beyond ASCII")
                continue
            if self._pipelining:
                self._unsent.extend(_commands(envelope))
            return envelope
        return None

    async def _permission(self, envelope: Envelope) -> _Refusal | None:
        """Hear whether the content may come: None when it may. Raises HungUp."""
        refusal: Reply | None = None
        reply: Reply | None = None
        for command in _commands(envelope):
            if not self._pipelining:
                self._unsent.append(command)
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
        self._unsent.append(b".\r\n" if refusal.content_awaited else b"RSET\r\n")
        _stay_on(await self._reply())

    async def _reply(self) -> Reply:
        """The next reply; what is still to be said goes out first, in one piece."""
        if self._unsent:
            said, self._unsent = b"".join(self._unsent), []
            self._talk.say(said)
        return await self._talk.reply(self._server.timeout_s)


def _stay_on(reply: Reply) -> None:
    """Raise HungUp when the server says that it closes the connection (RFC 5321 section 3.8)."""
    if reply.code == 421:
        raise HungUp(str(reply))


def _commands(envelope: Envelope) -> tuple[bytes, bytes, bytes]:
    extension = " BODY=8BITMIME SMTPUTF8" if envelope.utf8 else ""
    mail = f"MAIL FROM:<{envelope.sender}>{extension}\r\n".encode()
    return mail, f"RCPT TO:<{envelope.recipient}>\r\n".encode(), b"DATA\r\n"


def _stuffed(content: bytes) -> bytes:
    """The content with its dots doubled (RFC 5321 section 4.5.2) and its end; it ends with CRLF itself."""
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
