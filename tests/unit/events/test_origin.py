"""Channels and bots."""

from __future__ import annotations

from typing import Any

import pytest

from services.events.domain.origin import channel_of
from services.events.use_cases.recognise_programs import is_bot


@pytest.mark.parametrize(
    ("stated", "kind", "context", "channel"),
    [
        (None, "track", {}, None),
        ("server", "track", {}, "server"),
        ("server", "track", {"channel": " Store "}, "store"),
        (7, "track", {"channel": 7}, None),
        (None, "page", {}, "web"),
        (None, "screen", {}, "mobile"),
        (None, "track", {"library": {"name": "analytics.js"}}, "web"),
        (None, "track", {"library": {"name": "analytics-python"}}, "server"),
        (None, "track", {"library": {"name": "x"}, "os": {"name": "iOS"}}, "mobile"),
        (None, "track", {"library": "x", "os": []}, None),
    ],
)
def test_channels(stated: Any, kind: str, context: dict[str, Any], channel: str | None) -> None:
    assert channel_of(stated=stated, kind=kind, context=context) == channel


PERSONS = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15  Version/17.1 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/442]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari Line/13.21.1",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116 Mobile MicroMessenger/8.0.47",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0 Safari/537.36 Edg/124.0",
    "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)",
]  # fmt: skip
ROBOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "facebookexternalhit/1.1", "WhatsApp/2.23", "Mozilla/5.0 SkypeUriPreview Preview/0.5", "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com", "Barracuda Sentinel (EE)", "Mozilla/5.0 (compatible; Proofpoint)",
    "Microsoft Office Existence Discovery", "Mimecast-URL-Protect", "Mozilla/5.0 (compatible; UptimeRobot/2.0)",
]  # fmt: skip
LIBRARIES = ["curl/8.4.0", "python-requests/2.31", "okhttp/4.12.0", "Dart/3.1 (dart:io)", "Go-http-client/2.0"]


@pytest.mark.parametrize("agent", [*PERSONS, None, 7, ""])
@pytest.mark.parametrize("channel", ["web", "mobile", "email", None])
def test_persons_are_never_taken_for_programs(agent: object, channel: str | None) -> None:
    assert not is_bot({"userAgent": agent}, channel=channel)


@pytest.mark.parametrize("agent", ROBOTS)
@pytest.mark.parametrize("channel", ["web", "server", None])
def test_crawlers_scanners_and_previewers_are_programs_in_every_channel(agent: str, channel: str | None) -> None:
    assert is_bot({"userAgent": agent}, channel=channel)


@pytest.mark.parametrize("agent", LIBRARIES)
def test_a_programming_library_is_a_robot_on_the_web_only(agent: str) -> None:
    assert is_bot({"userAgent": agent}, channel="web")
    assert not is_bot({"userAgent": agent}, channel="mobile")
    assert not is_bot({"userAgent": agent}, channel="server")
