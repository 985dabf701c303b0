"""What a CloudEvents type is called among touchpoints."""

from __future__ import annotations

import re

from services.events.domain.orders import order_status

_VERSION = re.compile(r"v?\d+", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IDENTIFY = frozenset({"identify", "identified"})


def touchpoint_name(event_type: str) -> str:
    """`Order Completed` for a type that ends so, however it is spelled (`com.example.order.completed.v1`); else itself.

    The names are those of Segment's e-commerce events; a version at the end is passed over.
    """
    words = _words(event_type)
    ending = " ".join(words[-2:])
    return ending.title() if order_status(ending) else event_type


def tells_who(event_type: str) -> bool:
    """Whether the type ends with `identify` or `identified`: its data are traits of the customer."""
    return bool(_IDENTIFY.intersection(_words(event_type)[-1:]))


def _words(event_type: str) -> list[str]:
    parts = re.split(r"[^A-Za-z0-9]+", event_type)
    while parts and (not parts[-1] or _VERSION.fullmatch(parts[-1])):
        parts.pop()
    return [word.lower() for part in parts for word in _WORD.findall(part)]
