"""A real SMTP server that answers as it is told to, recipient by recipient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.real_servers import free_ports

DROP = "drop after the content"
DROP_EARLY = "drop at RCPT"


class MailServer:
    """Accepts everything but what `script` says; each entry of a recipient's list is for one attempt.

    A reply such as `451 later` answers the content, `RCPT 550 nobody` the recipient. `options` are aiosmtpd's.
    """

    def __init__(self, *, pipelining: bool = True, **options: Any) -> None:
        (self.port,) = free_ports(1)
        self.script: dict[str, list[str]] = defaultdict(list)
        self.accepted: list[tuple[str, bytes]] = []
        self.dropped: list[tuple[str, bytes]] = []
        self.connections = 0
        self.pipelining = pipelining
        self._options = {"enable_SMTPUTF8": True, **options}
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?connections=3&timeout=5"

    def to(self, address: str) -> list[bytes]:
        return [content for recipient, content in self.accepted if recipient == address]

    def answer(self, address: str, replies: Iterable[str]) -> None:
        self.script[address] = list(replies)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        replies = self.script[address]
        if replies and replies[0] == DROP_EARLY:
            replies.pop(0)
            server.transport.abort()
        if replies and replies[0].startswith("RCPT "):
            return replies.pop(0).removeprefix("RCPT ")
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        (address,) = envelope.rcpt_tos
        content = envelope.original_content or b""
        replies = self.script[address]
        reply = replies.pop(0) if replies else "250 kept"
        if reply == DROP:
            self.dropped.append((address, content))
            server.transport.abort()
        elif reply.startswith("250"):
            self.accepted.append((address, content))
        return reply

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def stop(self) -> None:
        """Close every connection and listen no more."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
