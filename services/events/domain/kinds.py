"""The kinds of calls, and so of touchpoints, that Segment's specification knows."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["identify", "track", "page", "screen", "group", "alias"]
NAMELESS: Final = ("identify", "group", "alias")
"""Kinds of which no touchpoint has a name."""
