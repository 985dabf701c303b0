"""The loops that a worker runs, and how each of them waits for a database or a bus that is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from shared.backoff import backoff_s

_log = logging.getLogger(__name__)
_RETRY_S = 1.0
_LONGEST_RETRY_S = 5.0
Loop = Callable[[threading.Event], None]
"""Runs until the event is set, and looks at it every minute or so: a loop that does not is taken to hang."""
Away = type[Exception] | tuple[type[Exception], ...]


def every(seconds: float, action: Callable[[], object], *, retry_s: float = _RETRY_S) -> Loop:
    """A loop that calls `action` now and then every `seconds`, sooner again when the database was away."""

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            insist(stop, action, retry_s=retry_s)
            stop.wait(seconds)

    return loop


def work_until(
    stop: threading.Event,
    step: Callable[[], object],
    *,
    rest_s: float,
    away: Away = DBAPIError,
    retry_s: float = _RETRY_S,
) -> None:
    """Take one `step` after another until `stop` is set, and rest for `rest_s` after one that found nothing to do."""
    while not stop.is_set():
        if not insist(stop, step, away=away, retry_s=retry_s):
            stop.wait(rest_s)


def insist(
    stop: threading.Event, action: Callable[[], object], *, away: Away = DBAPIError, retry_s: float = _RETRY_S
) -> object:
    """What `action` returns as soon as it meets none of `away`; None when `stop` is set before.

    Whenever it meets one, the log says so and the loop waits: for `retry_s` at first, later for five seconds at most
    or `retry_s` if that is longer.
    """
    failures = 0
    while not stop.is_set():
        try:
            return action()
        except away as error:
            failures += 1
            _log.warning("a loop waits", extra={"loop": threading.current_thread().name, "reason": str(error)})
            stop.wait(backoff_s(failures, first_s=retry_s, longest_s=max(retry_s, _LONGEST_RETRY_S)))
    return None
