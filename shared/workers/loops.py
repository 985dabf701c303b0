"""The loops that a worker runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

_log = logging.getLogger(__name__)
_RETRY_S = 5.0
Loop = Callable[[threading.Event], None]
"""Runs until the event is set, and looks at it every minute or so: a loop that does not is taken to hang."""


def every(seconds: float, action: Callable[[], object]) -> Loop:
    """A loop that calls `action` now and then every `seconds`, sooner again when the database was away."""

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                action()
            except DBAPIError as error:
                _log.warning("a task waits for the database", extra={"reason": str(error)})
                stop.wait(min(seconds, _RETRY_S))
            else:
                stop.wait(seconds)

    return loop
