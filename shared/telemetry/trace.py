"""W3C Trace Context (https://www.w3.org/TR/trace-context/), as much of it as is passed on."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

current_traceparent: ContextVar[str | None] = ContextVar("current_traceparent", default=None)
"""The traceparent of the request or fact that is being worked on."""

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def accept_traceparent(header: str | None) -> str:
    """The caller's traceparent with a span id of our own; a new one, not sampled, where it is absent or malformed."""
    if header and _FORM.fullmatch(header):
        return f"00-{trace_id(header)}-{_digits(8)}-{header[53:55]}"
    return f"00-{_digits(16)}-{_digits(8)}-00"


def trace_id(traceparent: str) -> str:
    """The 32 hexadecimal digits that all of one trace share."""
    return traceparent[3:35]


def is_sampled(traceparent: str | None) -> bool:
    """Whether the caller asked that this trace be recorded; then every fact it causes is logged."""
    return traceparent is not None and bool(int(traceparent[-2:], 16) & 1)


def _digits(count: int) -> str:
    """Random bytes in hexadecimal, not all zero. Ids of traces guard nothing, so no system call is spent on them."""
    return f"{random.getrandbits(count * 8) or 1:0{count * 2}x}"
