"""The body of a webhook: one JSON object of type, timestamp and data, under 20 kB."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MAX_BODY_BYTES = 20_000
_SMALL_BYTES = 300


def body_of(event_type: str, timestamp: datetime, data: bytes, *, href: str | None = None) -> bytes:
    """The body for `data`, which is a JSON object as text.

    What would be too large keeps only its short fields; `omitted` names the others and `href`, where it is known,
    says where all of it can be read.
    """
    whole = _envelope(event_type, timestamp, data)
    if len(whole) < MAX_BODY_BYTES:
        return whole
    return _envelope(event_type, timestamp, _dumped(_reduced(json.loads(data), href)))


def _reduced(data: Mapping[str, Any], href: str | None) -> dict[str, Any]:
    small = {name: value for name, value in data.items() if len(_dumped(value)) <= _SMALL_BYTES}
    omitted = [name for name in data if name not in small]
    return {**small, "omitted": omitted, "href": href} if href else {**small, "omitted": omitted}


def _envelope(event_type: str, timestamp: datetime, data: bytes) -> bytes:
    return b'{"type":%b,"timestamp":%b,"data":%b}' % (_dumped(event_type), _dumped(timestamp.isoformat()), data)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
