"""E-mail addresses as SMTP carries them (RFC 5321, RFC 6531).

A local part may be longer than the 64 octets that every server must take (RFC 5321 section 4.5.3.1): some take more.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from services.messaging.domain.errors import AddressInvalid

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\uffff\U00010000-\U0010ffff]+"
_LOCAL = re.compile(rf"^{_ATOM}(\.{_ATOM})*$")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_KEPT_SINCE_2010 = re.compile("[ß\u1e9eς]")
_LABEL = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox that can be written to: `domain` in ASCII, `local` as given, in Unicode NFC (RFC 6532 section 3.1)."""

    local: str
    domain: str

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def parse_address(text: object) -> Address:
    """The mailbox that `text` names. Quoted local parts and address literals are refused, as most receivers do.

    Raises AddressInvalid.
    """
    if not isinstance(text, str) or len(text) > 320:
        raise AddressInvalid("not an e-mail address")
    return _parse(text)


@lru_cache(maxsize=4_096)
def _parse(text: str) -> Address:
    local, at, host = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    if not at or not _LOCAL.match(local) or not local.isprintable():
        raise AddressInvalid("the part before @ is not a mailbox name")
    domain = _domain_of(host)
    if domain is None:
        raise AddressInvalid("the part after @ is not a domain name")
    if len(local.encode("utf-8", "replace")) + len(domain) > 253:
        raise AddressInvalid("longer than mail can carry")
    return Address(local, domain)


@lru_cache(maxsize=4_096)
def _domain_of(host: str) -> str | None:
    """The domain in ASCII; None where it is none. Many mailboxes share a few."""
    if not host.isprintable():
        return None
    try:
        domain = ".".join(map(_label_in_ascii, _DOTS.split(host))).lower()
    except UnicodeError:
        return None
    labels = domain.split(".")
    is_one = len(labels) > 1 and all(map(_LABEL.match, labels)) and not labels[-1].isdigit()
    return domain if is_one else None


def _label_in_ascii(label: str) -> str:
    """One label as RFC 5891 encodes it. Python's codec is of RFC 3490, which made strasse of straße: another domain."""
    if _KEPT_SINCE_2010.search(label):
        return "xn--" + unicodedata.normalize("NFC", label.lower()).encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")


def canonical_address(text: str) -> str:
    """The form under which an address is remembered as refused: domains and, in practice, mailboxes know no case."""
    return str(parse_address(text)).casefold()
