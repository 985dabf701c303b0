"""A letter as the bytes of a message (RFC 5322, RFC 2046, RFC 8058).

Built by hand: `email.message.EmailMessage` folds a long List-Unsubscribe into encoded words that providers cannot read,
and takes two milliseconds a message.
"""

from __future__ import annotations

import binascii
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from services.messaging.adapters.smtp.headers import mailbox_header, plain_header, text_header
from services.messaging.domain.addresses import parse_address
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.letters import Letter
from services.messaging.domain.plain_text import text_of_html
from shared.clock import Clock

_MAX_PLAIN_LINE = 998
_CONTROLS = bytes([*range(9), *range(11, 32), 127])
_BASE64_LINE = 57


def mime_of(letter: Letter, clock: Clock) -> bytes:
    """The whole message with CRLF line ends. Raises HeaderUnsafe, AddressInvalid."""
    return b"".join((*_headers(letter, clock), *_body(letter)))


def _headers(letter: Letter, clock: Clock) -> list[bytes]:
    from_header, domain = _from(letter.sender)
    lines = [
        from_header,
        mailbox_header("To", letter.to, letter.to_name),
        text_header("Subject", letter.rendered.subject),
        _date(clock().replace(microsecond=0)),
        plain_header("Message-ID", f"<{letter.message_id}@{domain}>"),
    ]
    if letter.unsubscribe_url:
        lines.append(plain_header("List-Unsubscribe", f"<{letter.unsubscribe_url}>"))
        lines.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    lines.append(plain_header("Content-Language", letter.rendered.language))
    lines.append(b"MIME-Version: 1.0\r\n")
    return lines


@lru_cache(maxsize=256)
def _from(sender: Sender) -> tuple[bytes, str]:
    """The header that all letters of a sender share, and the domain of its address."""
    address = parse_address(sender.address)
    return mailbox_header("From", address, sender.name), address.domain


@lru_cache(maxsize=8)
def _date(second: datetime) -> bytes:
    return plain_header("Date", format_datetime(second))


def _body(letter: Letter) -> list[bytes]:
    page, text = letter.rendered.html, letter.rendered.text
    if page is None:
        return [_part("plain", text or "")]
    if text is None:
        text = text_of_html(page)
    # The message id is random enough that no body holds it on a line of its own behind two dashes.
    boundary = f"=_{letter.message_id}".encode("ascii")
    return [
        b'Content-Type: multipart/alternative; boundary="' + boundary + b'"\r\n\r\n--' + boundary + b"\r\n",
        _part("plain", text),
        b"--" + boundary + b"\r\n",
        _part("html", page),
        b"--" + boundary + b"--\r\n",
    ]


def _part(subtype: str, content: str) -> bytes:
    if "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    lines = content.removesuffix("\n").split("\n")
    plain = content.isascii() and max(map(len, lines)) <= _MAX_PLAIN_LINE and not _has_controls(content)
    encoding, charset = ("7bit", "us-ascii") if plain else ("base64", "utf-8")
    head = f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    raw = "\r\n".join([*lines, ""]).encode("utf-8", "replace")
    return head.encode("ascii") + (raw if plain else _base64(raw))


def _has_controls(content: str) -> bool:
    raw = content.encode("ascii")
    return len(raw.translate(None, _CONTROLS)) < len(raw)


def _base64(raw: bytes) -> bytes:
    """Lines of 76 characters."""
    encoded = binascii.b2a_base64(raw, newline=False)
    width = _BASE64_LINE // 3 * 4
    return b"\r\n".join([*(encoded[at : at + width] for at in range(0, len(encoded), width)), b""])
