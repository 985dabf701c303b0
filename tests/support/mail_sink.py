"""A real SMTP server that keeps what it is given, in the process of the test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.real_servers import free_ports

USER = "rapport"
PASSWORD = "smtp-canary-4f1d9c"


@dataclass
class MailSink:
    """Accepts mail on a free port; `pause_s` is how long each message takes, so that a kill can fall in between."""

    pause_s: float = 0.0
    received: list[EmailMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.port,) = free_ports(1)
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=_authenticate,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    @property
    def url(self) -> str:
        """What RAPPORT_SMTP_URL is set to."""
        return f"smtp://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of each accepted message, in the order of arrival."""
        return [str(message["Message-ID"]) for message in self.received]

    def to(self, address: str) -> list[EmailMessage]:
        """The messages that name `address` in To."""
        return [message for message in self.received if address in str(message["To"])]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep the message and accept it; called by aiosmtpd."""
        await asyncio.sleep(self.pause_s)
        self.received.append(message_from_bytes(envelope.original_content or b"", policy=SMTP_POLICY))
        return "250 kept"


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object) -> AuthResult:
    good = isinstance(login, LoginPassword) and (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good)
