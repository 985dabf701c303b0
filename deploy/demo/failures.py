"""Why the demo ends with an error."""

from __future__ import annotations


class DemoFailed(Exception):
    """Something did not work as documented; the message says what and where."""
