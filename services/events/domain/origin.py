"""Through which channel a touchpoint came, who on our side had it, and whether a program made it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MAX_CHANNEL = 50
_MAX_DEPARTMENT = 50
_BROWSER_LIBRARIES = frozenset({"analytics.js", "analytics-next", "rudderlabs javascript sdk", "rudder-sdk-js"})
_PHONES = frozenset({"ios", "android", "ipados", "windows phone"})
_PROGRAM = re.compile(
    r"(?<!cu)bots?\b|crawl|spider|slurp|headless|phantomjs|lighthouse|pagespeed|facebookexternalhit|whatsapp/"
    r"|bingpreview|google-inspectiontool|mediapartners|scrapy|pingdom|uptimerobot|monitoring|link ?check",
    re.IGNORECASE,
)
_SCANNER = re.compile(
    r"proofpoint|urldefense|mimecast|barracuda|safelinks|ironport|fireeye|trend ?micro|sophos|forcepoint|symantec"
    r"|existence discovery|googleimageproxy|yahoomailproxy|uripreview",
    re.IGNORECASE,
)
"""Mail gateways that open every link of a letter, and proxies that fetch its pictures before anybody reads it."""
_LIBRARY = re.compile(
    r"(?:python-(?:requests|urllib|httpx)|python/|aiohttp|httpx|curl|wget|okhttp|dart|go-http-client|axios|node-fetch"
    r"|undici|java|apache-httpclient|libwww|guzzlehttp|ruby|php|postmanruntime|cfnetwork|http_request)",
    re.IGNORECASE,
)


def channel_of(*, stated: object, kind: str, context: Mapping[str, object]) -> str | None:
    """`web`, `mobile`, `server`, or what the source itself states (`store`, `email`, `call-centre`, ...)."""
    for value in (context.get("channel"), stated):
        if isinstance(value, str) and (channel := value.strip()):
            return channel.casefold()[:_MAX_CHANNEL]
    library = _name(context, "library")
    if kind == "page" or library in _BROWSER_LIBRARIES:
        return "web"
    if kind == "screen" or _name(context, "os") in _PHONES:
        return "mobile"
    return "server" if library else None


def department_of(context: Mapping[str, object]) -> str | None:
    """The department, branch or desk that had the contact, as the source states it, in one spelling of capitals."""
    stated = context.get("department")
    return stated.strip().casefold()[:_MAX_DEPARTMENT] or None if isinstance(stated, str) else None


def is_http_library(agent: str) -> bool:
    """Whether the user agent is a programming library's: the customer's own app, a partner's server, or a script."""
    return _LIBRARY.match(agent) is not None


def looks_like_a_program(agent: str) -> bool:
    """Whether the user agent says by its words that no person is there: crawlers, scanners, monitors, headless ones."""
    return _PROGRAM.search(agent) is not None or _SCANNER.search(agent) is not None


def _name(context: Mapping[str, object], part: str) -> str:
    described = context.get(part)
    name = described.get("name") if isinstance(described, dict) else None
    return name.casefold() if isinstance(name, str) else ""
