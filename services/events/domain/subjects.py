"""Whom a call is about, before any merge."""

from __future__ import annotations

import re
from hashlib import blake2b

MAX_ID_LENGTH = 255
"""Longest identifier kept, in characters; what is longer is a mistake, not a name."""

SOMETHING = r"[^\s\x00-\x1f\x7f-\xa0]"
"""What an identifier must hold: one character that is neither space nor control."""
holds_something = re.compile(SOMETHING).search

_PHONE = re.compile(r"\+?[\d\s().-]{5,30}")
_ADDRESS = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")

_EXACT = 2**53
"""Floats below are exact integers."""

Id = str | int | float | None


def id_text(value: Id) -> str | None:
    """An identifier as text. Clients send numbers too: 42 and 42.0 are `42`; null and blank name nobody."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        # Most are printable, and what is printable and no space is something.
        return text if (text and text.isprintable()) or holds_something(text) else None
    if isinstance(value, float) and abs(value) < _EXACT and value.is_integer():
        value = int(value)
    return str(value)


def subject_of(user_id: str | None, anonymous_id: str | None) -> str | None:
    """`user_id:<v>`, or `anonymous_id:<v>` without a user id; None when neither is known."""
    if user_id:
        return f"user_id:{user_id}"
    return f"anonymous_id:{anonymous_id}" if anonymous_id else None


def is_subject(text: str) -> bool:
    """Whether `subject_of` can have made it of an identifier that is kept."""
    kind, _, name = text.partition(":")
    return kind in ("user_id", "anonymous_id") and len(name) <= MAX_ID_LENGTH and bool(name) and id_text(name) == name


def address_of(text: str) -> str | None:
    """An e-mail address in small letters; None for what is none."""
    return text.lower() if _ADDRESS.fullmatch(text) else None


def is_phone(text: str) -> bool:
    """Whether it is written as a telephone number is; whose it is, profile tells from its E.164."""
    return _PHONE.fullmatch(text) is not None


def id_behind(kind: str, name: str) -> str:
    """The anonymous id of somebody known by a name of this kind alone, such as an e-mail address."""
    return f"{kind}-{blake2b(name.encode(), digest_size=16).hexdigest()}"


def ids_behind(text: str) -> tuple[str, ...]:
    """Every id under which somebody may be known by a text: itself, or what stands behind an address or number."""
    if is_phone(text):
        return text, id_behind("phone", text)
    address = address_of(text)
    return (text,) if address is None else (text, id_behind("email", address))
