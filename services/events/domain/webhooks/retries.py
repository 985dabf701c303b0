"""What an attempt came to, and when the next one is due.

The schedule and the meaning of 2xx, 3xx, 410, 429, 502 and 504 are those of Standard Webhooks; the jitter is Svix's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

_M, _H = 60.0, 3600.0
SCHEDULE_S = (5.0, 5 * _M, 30 * _M, 2 * _H, 5 * _H, 10 * _H, 14 * _H, 20 * _H, 24 * _H)
"""Seconds to wait after each failed attempt; the first attempt is made at once."""
_JITTER = 0.2
_LONGEST_WAIT_S = 24 * _H
_LONGEST_PAUSE_S = 300.0
_GONE = 410
_BUSY = frozenset({429, 502, 503, 504})

Draw = Callable[[], float]
"""A random number in [0, 1)."""


class Verdict(Enum):
    """What becomes of a delivery after an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"
    """The endpoint says that it is no more (410): the delivery failed and the endpoint is disabled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one attempt met: a status, or `error` where there was none. `excerpt` is the beginning of the body."""

    status: int | None = None
    error: str | None = None
    excerpt: str = ""
    retry_after_s: float | None = None
    duration_ms: int = 0

    @property
    def succeeded(self) -> bool:
        """Only 2xx is success; a redirect is none."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def throttles(self) -> bool:
        """Whether the endpoint is out of reach or asks for less, so that its other deliveries wait too."""
        return self.status is None or self.status in _BUSY


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict; `retry_in_s` is set where it is RETRY."""

    verdict: Verdict
    retry_in_s: float | None = None


def decide(answer: Answer, *, step: int, schedule_s: Sequence[float], draw: Draw) -> Decision:
    """What follows from `answer` to attempt number `step` (0 is the first of the schedule)."""
    if answer.succeeded:
        return Decision(Verdict.DELIVERED)
    if answer.status == _GONE:
        return Decision(Verdict.GONE)
    if step >= len(schedule_s):
        return Decision(Verdict.FAILED)
    wait = schedule_s[step] * (1 + _JITTER * (2 * draw() - 1))
    if answer.retry_after_s is not None:
        wait = max(wait, min(answer.retry_after_s, _LONGEST_WAIT_S) * (1 + _JITTER * draw()))
    return Decision(Verdict.RETRY, wait)


def pause_after(answer: Answer, *, failures: int, draw: Draw) -> float:
    """Seconds in which an endpoint is left alone after `failures` attempts in a row went wrong; 0 for none."""
    if answer.succeeded or not answer.throttles:
        return 0.0
    pause = min(2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S) * (1 - _JITTER * draw())
    return max(pause, min(answer.retry_after_s or 0.0, _LONGEST_WAIT_S))
