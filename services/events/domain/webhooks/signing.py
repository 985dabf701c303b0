"""Signatures of outgoing webhooks, by Standard Webhooks."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from services.events.domain.standard_webhooks import signature_of


def signature_header(secrets: Iterable[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of one attempt: a signature for each secret, the current one's first.

    `timestamp` is in whole seconds since 1970.
    """
    about = message_id.encode(), str(timestamp).encode(), body
    return " ".join(f"v1,{base64.b64encode(signature_of(secret, *about)).decode()}" for secret in secrets)
