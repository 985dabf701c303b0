"""Whether a webhook is from whom it says, and is not an old one sent again.

Sources: Standard Webhooks specification (what is signed, several signatures, tolerance); Svix, whose headers are the
same under another name; Stripe and Paddle, which put time and signatures into one header; RFC 2104.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from services.events.domain.inbound.errors import Unverified
from services.events.domain.standard_webhooks import signature_of

TOLERANCE_S = 300
_MILLISECONDS_FROM = 10**11
_LONGEST_TIMESTAMP = 16
_SEPARATOR = re.compile("[,;]")


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """`webhook-id`, `webhook-timestamp`, `webhook-signature`, or the same with `svix-`; secrets begin with `whsec_`."""

    tolerance_s: int = TOLERANCE_S


@dataclass(frozen=True, slots=True)
class SignedTimestamp:
    """A header with seconds (or milliseconds) since 1970 that the signature covers, as `template` says.

    `field` as for the signature.
    """

    header: str
    template: str = "{timestamp}.{body}"
    tolerance_s: int = TOLERANCE_S
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacSignature:
    """A partner's own way: one header with an HMAC over the body, or over a time and the body.

    Where the header lists several things by name (`t=1492774577,v1=…,v1=…`), `field` names those that are signatures.
    """

    header: str
    field: str | None = None
    digest: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp: SignedTimestamp | None = None


Verification = StandardWebhooks | HmacSignature


def verify(
    verification: Verification, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime
) -> str:
    """What the delivery is known by when it comes again; names of `headers` are in small letters. Raises Unverified.

    Standard Webhooks sign an id; otherwise everything that is signed stands for the delivery.
    """
    match verification:
        case StandardWebhooks():
            return _verify_standard(verification, headers, body, secrets=secrets, now=now)
        case HmacSignature():
            return _verify_own(verification, headers, body, secrets=secrets, now=now)


def _verify_standard(
    verification: StandardWebhooks, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime
) -> str:
    family = "svix" if "svix-id" in headers and "webhook-id" not in headers else "webhook"
    message_id = _header(headers, f"{family}-id")
    stated = _header(headers, f"{family}-timestamp")
    _check_time(stated, now, verification.tolerance_s)
    about = message_id.encode("latin-1"), stated.encode("latin-1"), body
    given = [text.removeprefix("v1,") for text in _header(headers, f"{family}-signature").split() if text[:3] == "v1,"]
    presented = list(_decoded(given, "base64"))
    _check(presented, [signature_of(secret, *about) for secret in secrets])
    return f"id {message_id}"


def _verify_own(
    verification: HmacSignature, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime
) -> str:
    prefix = verification.prefix
    given = _stated(headers, verification.header, verification.field)
    if not any(text.startswith(prefix) for text in given):
        raise Unverified(f"{verification.header} does not begin as agreed")
    signed = _signed_by(verification.timestamp, headers, body, now)
    agreed = [text.removeprefix(prefix) for text in given if text.startswith(prefix)]
    presented = list(_decoded(agreed, verification.encoding))
    _check(presented, [hmac.digest(secret.encode(), signed, verification.digest) for secret in secrets])
    return f"digest {sha256(signed).hexdigest()}"


def _signed_by(timestamp: SignedTimestamp | None, headers: Mapping[str, str], body: bytes, now: datetime) -> bytes:
    if timestamp is None:
        return body
    stated = _stated(headers, timestamp.header, timestamp.field)[0]
    _check_time(stated, now, timestamp.tolerance_s)
    before, _, after = timestamp.template.replace("{timestamp}", stated).partition("{body}")
    return b"%b%b%b" % (before.encode(), body, after.encode())


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    if not value:
        raise Unverified(f"the header {name} is missing")
    return value


def _stated(headers: Mapping[str, str], name: str, field: str | None) -> list[str]:
    """A header's value, or the values of a field of the list that it holds; at least one."""
    value = _header(headers, name.lower())
    if field is None:
        return [value]
    named = (part.strip().partition("=") for part in _SEPARATOR.split(value))
    values = [text for each, _, text in named if each == field]
    if not values:
        raise Unverified(f"the header {name} has no {field}=")
    return values


def _check_time(stated: str, now: datetime, tolerance_s: int) -> None:
    if not (stated.isascii() and stated.isdigit() and len(stated) <= _LONGEST_TIMESTAMP):
        raise Unverified("the timestamp is no number of seconds since 1970")
    seconds = int(stated) / 1000 if int(stated) >= _MILLISECONDS_FROM else int(stated)
    if abs(now.timestamp() - seconds) > tolerance_s:
        raise Unverified(f"the timestamp is more than {tolerance_s} s from now")


def _decoded(texts: Sequence[str], encoding: str) -> Iterator[bytes]:
    for text in texts:
        try:
            yield bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue


def _check(presented: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Every pair is compared, each in constant time, whether or not an earlier one agreed."""
    agreed = [hmac.compare_digest(one, other) for one in presented for other in expected]
    if not any(agreed):
        raise Unverified("no signature agrees with a live secret")
