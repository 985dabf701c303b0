"""The names a customer goes by, and which values are names at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

USER_ID = "user_id"
ANONYMOUS_ID = "anonymous_id"
EMAIL = "email"
PHONE = "phone"
EXTERNAL = "external"

MAX_LENGTH = 500
"""Characters of an identifier; a longer value names nobody."""

_NOBODY = frozenset(
    {"", "null", "none", "nil", "undefined", "nan", "n/a", "anonymous", "guest", "unknown", "-1", "[object object]"}
)
"""What broken trackers send instead of an id; taken at its word it would melt strangers into one profile."""

_ZEROS = re.compile(r"0[0-]{7,}")  # 00000000-0000-0000-0000-000000000000 and its kin
_EMAIL = re.compile(r"[^@\s\"<>()\[\],;:\\]+@[^@\s\"<>()\[\],;:\\]+")
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One name of a customer: kind `user_id`, `anonymous_id`, `email`, `phone` (E.164) or `external:<system>`."""

    kind: str
    value: str

    @property
    def family(self) -> str:
        """The kind without the system of an external id: what limits and priorities are set for."""
        return EXTERNAL if self.kind.startswith(f"{EXTERNAL}:") else self.kind


def opaque(kind: str, value: object) -> Identifier | None:
    """An id that is only compared, kept as it was sent; None when it names nobody."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH or "\x00" in value:
        return None
    bare = value.strip().lower()
    return None if bare in _NOBODY or _ZEROS.fullmatch(bare) else Identifier(kind, value)


def external(system: object, value: object) -> Identifier | None:
    """An id in another system, such as (`shopify`, `1234`); None when either part is unusable."""
    if not isinstance(system, str):
        return None
    name = re.sub(r"\s+", "_", system.strip().lower())
    return opaque(f"{EXTERNAL}:{name}", value) if _SYSTEM.fullmatch(name) else None


def email(value: object) -> Identifier | None:
    """An e-mail address, trimmed, in Unicode NFC and lower case, its domain spelled out; None when it is none."""
    if not isinstance(value, str):
        return None
    mailbox, at, domain = unicodedata.normalize("NFC", value.strip()).lower().rpartition("@")
    address = mailbox + at + ".".join(map(_spelled_out, domain.split(".")))
    if len(address) > 254 or not address.isprintable() or not _EMAIL.fullmatch(address):
        return None
    labels = address.rpartition("@")[2].split(".")
    return Identifier(EMAIL, address) if all(labels) else None


def folded_email(text: str) -> str:
    """How an e-mail address is compared: as `email` spells it, and what is none at least trimmed and in lower case."""
    address = email(text)
    return unicodedata.normalize("NFC", text.strip()).lower() if address is None else address.value


def _spelled_out(label: str) -> str:
    """A label of a domain as people read it: `xn--bcher-kva` is bücher (RFC 5891)."""
    if not label.startswith("xn--"):
        return label
    try:
        shown = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    readable = shown.isprintable() and "." not in shown and _EMAIL.fullmatch(f"x@{shown}")
    same = not shown.isascii() and f"xn--{shown.encode('punycode').decode('ascii')}" == label
    return shown if readable and same and shown == unicodedata.normalize("NFC", shown).lower() else label
