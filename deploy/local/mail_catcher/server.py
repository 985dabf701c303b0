"""The SMTP side of the mail catcher."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mail_catcher.mailbox import Caught, MailboxWriter

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 10 * 1024 * 1024
_headers = BytesHeaderParser()


class KeepEverything:
    """aiosmtpd's handler: answers 250 to DATA only once the message is on disk."""

    def __init__(self, mailbox: MailboxWriter) -> None:
        self._mailbox = mailbox

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer PIPELINING (RFC 2920): the server reads commands from a stream, in order."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one message."""
        content = envelope.original_content or b""
        head, _, _ = content.partition(b"\r\n\r\n")
        message_id = str(_headers.parsebytes(head).get("message-id", "")).strip()
        caught = Caught(message_id, envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        try:
            await asyncio.wrap_future(self._mailbox.append(caught))
        except sqlite3.Error as error:
            _log.error("message not kept", extra={"reason": str(error)})
            return "451 4.3.0 the message could not be kept; try again"
        return "250 2.0.0 kept"


async def serve(path: Path, *, host: str, port: int) -> None:
    """Catch until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    mailbox = MailboxWriter(path)
    handler = KeepEverything(mailbox)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def protocol() -> SMTP:
        return SMTP(
            handler, hostname="catcher.test", ident="Rapport mail catcher", data_size_limit=_MAX_MESSAGE, loop=loop
        )

    server = await loop.create_server(protocol, host, port)
    _log.info("catching mail", extra={"host": host, "port": port})
    try:
        await ended.wait()
    finally:
        server.close()
        mailbox.close()
