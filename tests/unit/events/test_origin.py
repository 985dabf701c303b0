"""Channels and bots."""

from __future__ import annotations

from typing import Any

import pytest

from services.events.domain.origin import channel_of, is_bot


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


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", True),
        ("curl/8.4.0", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.1 Safari/605.1.15", False),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG) Chrome/120.0", False),
        (None, False),
        (7, False),
    ],
)
def test_bots_are_known_by_their_user_agent(agent: object, bot: bool) -> None:
    assert is_bot({"userAgent": agent}) is bot
