"""Letters as the mail catcher got them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import cast

from deploy.demo.findings import Letter
from deploy.local.mail_catcher.mailbox import Caught

_ONE_CLICK = "List-Unsubscribe=One-Click"
_LINK = re.compile(r"<(https?://[^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A caught message, parsed. `message_id` is messaging's own id of it."""

    message_id: str
    recipient: str
    message: EmailMessage

    def part(self, kind: str) -> str:
        """The text of the `plain` or `html` part."""
        body = self.message.get_body((kind,))
        return cast("str", body.get_content()).replace("\r\n", "\n") if body else ""

    @property
    def way_out(self) -> str | None:
        """Where one click unsubscribes (RFC 8058), or None when the headers do not say so as they must."""
        links = self.message.get_all("List-Unsubscribe", [])
        posts = self.message.get_all("List-Unsubscribe-Post", [])
        link = _LINK.fullmatch(links[0].strip()) if len(links) == 1 else None
        return link[1] if link and [post.strip() for post in posts] == [_ONE_CLICK] else None

    @property
    def language(self) -> str:
        """The language it is written in."""
        return str(self.message["Content-Language"])

    def letter(self) -> Letter:
        """As the report shows it."""
        sender, recipient, subject = (str(self.message[name]) for name in ("From", "To", "Subject"))
        return Letter(sender, recipient, subject, self.part("html"))


def parse(caught: Caught) -> Arrived:
    """Read one caught message."""
    message = message_from_bytes(caught.content, policy=policy.default)
    recipient = getaddresses([str(message["To"])])[0][1]
    return Arrived(caught.message_id.strip("<>").partition("@")[0], recipient, message)
