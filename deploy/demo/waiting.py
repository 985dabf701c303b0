"""Waiting for services to catch up, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.demo.failures import DemoFailed
from deploy.demo.progress import Advance

_STANDS_STILL_S = 90.0


def wait_until(read: Callable[[], int], target: int, advance: Advance, *, what: str, every_s: float = 0.5) -> None:
    """Return once `read` gives `target`. Raises DemoFailed when it gives more, or the same for a minute and a half."""
    reached, since = -1, time.monotonic()
    while True:
        now = read()
        if now != reached:
            reached, since = now, time.monotonic()
            advance(min(now, target))
        if now == target:
            return
        if now > target:
            raise DemoFailed(f"{what}: {now:,}, must be {target:,}")
        if time.monotonic() - since > _STANDS_STILL_S:
            raise DemoFailed(f"{what}: stands still at {now:,} of {target:,}")
        time.sleep(every_s)
