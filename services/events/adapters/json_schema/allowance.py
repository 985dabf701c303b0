"""How long may be spent on telling everything that is wrong, where the first thing is told quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic


class Allowance:
    """So many seconds at once, and a share of the time in the long run: what is spent fills up again by and by."""

    def __init__(self, seconds: float, share: float, *, clock: Callable[[], float] = monotonic) -> None:
        self._most = self._left = seconds
        self._share = share
        self._clock = clock
        self._at = clock()

    def is_left(self) -> bool:
        """Whether any of it is left now."""
        self._refill()
        return self._left > 0

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time that the block takes."""
        began = self._clock()
        try:
            yield
        finally:
            self._left -= self._clock() - began

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._share)
        self._at = now
