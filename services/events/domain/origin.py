"""Through which channel a touchpoint came, and whether a program made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_MAX_CHANNEL = 50
_BROWSER_LIBRARIES = frozenset({"analytics.js", "analytics-next", "rudderlabs javascript sdk", "rudder-sdk-js"})
_PHONES = frozenset({"ios", "android", "ipados", "windows phone"})
_BOT = re.compile(
    r"(?<!cu)bots?\b|crawl|spider|slurp|headless|phantomjs|lighthouse|pagespeed|facebookexternalhit|whatsapp/"
    r"|bingpreview|google-inspectiontool|mediapartners|python-requests|curl/|wget/|scrapy|pingdom|uptimerobot"
    r"|monitoring|proofpoint|mimecast|barracuda|safelinks",
    re.IGNORECASE,
)


def channel_of(*, stated: object, kind: str, context: Mapping[str, object]) -> str | None:
    """`web`, `mobile`, `server`, or what the source itself states (`store`, `email`, `call-centre`, ...)."""
    for value in (context.get("channel"), stated):
        if isinstance(value, str) and value.strip():
            return value.strip().casefold()[:_MAX_CHANNEL]
    if kind == "page" or _name(context, "library") in _BROWSER_LIBRARIES:
        return "web"
    if kind == "screen" or _name(context, "os") in _PHONES:
        return "mobile"
    return "server" if _name(context, "library") else None


def is_bot(context: Mapping[str, object]) -> bool:
    """Whether the user agent is a known program's: crawlers, link scanners, monitors, headless browsers."""
    agent = context.get("userAgent")
    return _agent_is_bot(agent) if isinstance(agent, str) else False


@lru_cache(maxsize=10_000)
def _agent_is_bot(agent: str) -> bool:
    return _BOT.search(agent[:1000]) is not None


def _name(context: Mapping[str, object], part: str) -> str:
    described = context.get(part)
    name = described.get("name") if isinstance(described, Mapping) else None
    return name.casefold() if isinstance(name, str) else ""
