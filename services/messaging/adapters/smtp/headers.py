"""Header values as bytes: safe against injection, and readable in any script (RFC 5322, RFC 2047)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

from services.messaging.domain.addresses import Address
from services.messaging.domain.errors import HeaderUnsafe

_MAX_LINE = 76
_ENCODED_BYTES = 39  # of UTF-8 in one encoded word, so that a line with "Subject: " before it stays within 76
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATOMS = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")


def text_header(name: str, value: str) -> bytes:
    """`Name: value` for free text, folded. Raises HeaderUnsafe for control characters, CR and LF among them."""
    safe = _safe(value)
    first = len(name) + 2
    if not safe.isascii() or "=?" in safe:
        return f"{name}: {_encoded(safe)}\r\n".encode("ascii")
    if first + len(safe) <= _MAX_LINE:
        return f"{name}: {safe}\r\n".encode("ascii")
    if max(map(len, safe.split(" "))) > _MAX_LINE - first:
        return f"{name}: {_encoded(safe)}\r\n".encode("ascii")
    return f"{name}: {_folded(safe, first)}\r\n".encode("ascii")


def mailbox_header(name: str, address: Address, shown: str | None) -> bytes:
    """`Name: Shown <address>`; the address in UTF-8 where only SMTPUTF8 can carry it. Raises HeaderUnsafe."""
    mailbox = _safe(str(address))
    phrase = _phrase(_safe(shown)) if shown else ""
    fold = "\r\n " if phrase else ""
    return f"{name}: {phrase}{fold}<{mailbox}>\r\n".encode()


def plain_header(name: str, value: str) -> bytes:
    """`Name: value` that must not be encoded or folded, such as a URI. Raises HeaderUnsafe unless printable ASCII."""
    if not value.isascii() or not value.isprintable() or len(value) > 900:
        raise HeaderUnsafe(f"{name} must be printable ASCII")
    return f"{name}: {value}\r\n".encode("ascii")


def _safe(value: str) -> str:
    if _UNSAFE.search(value) or len(value) > 1_000:
        raise HeaderUnsafe("a header with control characters or beyond 1000 characters")
    return value


def _phrase(shown: str) -> str:
    if not shown.isascii() or "=?" in shown:
        return _encoded(shown)
    if _ATOMS.match(shown):
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded(value: str) -> str:
    return "\r\n ".join(f"=?utf-8?B?{b64encode(chunk).decode('ascii')}?=" for chunk in _chunks(value))


def _chunks(value: str) -> Iterator[bytes]:
    """Cut between characters: an encoded word holds whole ones."""
    chunk = b""
    for char in value:
        encoded = char.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > _ENCODED_BYTES:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


def _folded(value: str, used: int) -> str:
    lines, line = [], ""
    for word in value.split(" "):
        if line and used + len(line) + 1 + len(word) > _MAX_LINE:
            lines.append(line)
            line, used = word, 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])
