"""Why the suite does not start, told in one line."""

from __future__ import annotations


class CannotStart(Exception):
    """The suite cannot be started as it is configured; the message is one line for people."""
