"""Standard Webhooks (https://www.standardwebhooks.com), symmetric: secrets, and what they sign with HMAC-SHA256."""

from __future__ import annotations

import base64
import hmac
import secrets

SECRET_PREFIX = "whsec_"  # noqa: S105 - how every secret begins
_SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key of a secret. Raises ValueError."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret begins with {SECRET_PREFIX}")
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def signature_of(secret: str, message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """What a secret makes of `id.timestamp.body`, where `timestamp` is in whole seconds since 1970."""
    return hmac.digest(key_of(secret), b"%b.%b.%b" % (message_id, timestamp, body), "sha256")
