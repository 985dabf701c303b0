"""Recognising programs among visitors: crawlers, link scanners of mail gateways, previewers, monitors.

The maintained list is that of the package crawler-user-agents; what it does not know is recognised by its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from crawleruseragents import is_crawler

from services.events.domain.origin import is_http_library, looks_like_a_program

_LONGEST_AGENT = 1_000
_BROWSED = "web"


def is_bot(context: Mapping[str, object], *, channel: str | None) -> bool:
    """Whether a program and not the customer did it, by `context.userAgent`.

    A programming library is a robot on the web only: in any other channel it is how an app or a partner's server
    reports what its customer did.
    """
    agent = context.get("userAgent")
    return isinstance(agent, str) and _is_program(agent[:_LONGEST_AGENT], channel == _BROWSED)


@lru_cache(maxsize=10_000)
def _is_program(agent: str, browses: bool) -> bool:
    if is_http_library(agent):
        return browses
    return looks_like_a_program(agent) or is_crawler(agent)
