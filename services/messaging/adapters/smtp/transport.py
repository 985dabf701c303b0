"""Sends letters over kept SMTP connections. Blocking outside; inside, one event loop and several connections."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from functools import lru_cache

import uvloop

from services.messaging.adapters.smtp.batch import Batch, Envelope
from services.messaging.adapters.smtp.mime import mime_of
from services.messaging.adapters.smtp.server import SmtpServer
from services.messaging.adapters.smtp.session import SmtpSession
from services.messaging.domain.addresses import parse_address
from services.messaging.domain.deliveries import Answer, Delivery
from services.messaging.domain.errors import AddressInvalid, HeaderUnsafe
from services.messaging.domain.letters import Letter
from shared.clock import Clock

_MESSAGES_A_CONNECTION = 4
_FRUITLESS = 2


class SmtpTransport:
    """The transport of channel `email`. Used by one thread; `close` it in the same.

    Raises ValueError when the server's certificates cannot be read.
    """

    def __init__(self, server: SmtpServer, *, clock: Clock, hello: str = "localhost") -> None:
        self._server = server
        self._tls = server.tls_context()
        self._clock = clock
        self._hello = hello
        self._idle: list[SmtpSession] = []
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def send(self, letters: Sequence[Letter]) -> Mapping[str, Delivery]:
        """Try each letter once; the answers by message id. Never raises for what a server or a network does."""
        unwritable: dict[str, Delivery] = {}
        envelopes = []
        for letter in letters:
            try:
                envelopes.append(self._envelope(letter))
            except (HeaderUnsafe, AddressInvalid) as error:
                unwritable[letter.message_id] = Delivery(Answer.REFUSED, str(error))
        batch = Batch(envelopes)
        self._runner.run(self._send(batch))
        return batch.answers | unwritable

    def close(self) -> None:
        """Say goodbye on every connection."""
        self._runner.run(self._close())
        self._runner.close()

    def _envelope(self, letter: Letter) -> Envelope:
        return Envelope(
            message_id=letter.message_id,
            sender=_mailbox(letter.sender.address),
            recipient=str(letter.to),
            content=mime_of(letter, self._clock),
            utf8=letter.to.needs_utf8,
        )

    async def _send(self, batch: Batch) -> None:
        wanted = -(-len(batch) // _MESSAGES_A_CONNECTION)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(wanted, self._server.connections)):
                tasks.create_task(self._drain(batch))
        batch.give_up()

    async def _drain(self, batch: Batch) -> None:
        """One connection at work, replaced while it is lost with something to show for it."""
        fruitless = 0
        while len(batch) and fruitless < _FRUITLESS:
            answered = len(batch.answers)
            session: SmtpSession | None = None
            try:
                session = self._idle.pop() if self._idle else await self._open()
                await session.deliver(batch)
            except (OSError, TimeoutError) as error:
                batch.trouble = _trouble(error, self._server)
                if session is not None:
                    await session.close()
                fruitless = fruitless + 1 if len(batch.answers) == answered else 0
            else:
                self._idle.append(session)

    async def _open(self) -> SmtpSession:
        return await SmtpSession.open(self._server, self._tls, hello=self._hello)

    async def _close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


@lru_cache(maxsize=256)
def _mailbox(address: str) -> str:
    return str(parse_address(address))


def _trouble(error: Exception, server: SmtpServer) -> str:
    if isinstance(error, TimeoutError):
        return f"the mail server did not answer within {server.timeout_s:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted: {error.verify_message}"
    return f"{type(error).__name__}: {error}"
