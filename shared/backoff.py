"""How long to wait before what failed is tried again."""

from __future__ import annotations

_MOST_DOUBLINGS = 30


def backoff_s(failures: int, *, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many failures in a row: `first_s` after the first, twice as long after each further."""
    return min(first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), longest_s)
