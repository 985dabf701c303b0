"""A consumer's loop at work beside a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.inbox.consumer import ConsumerLoop

WITHIN_S = 30.0


@contextmanager
def consuming(loop: ConsumerLoop) -> Iterator[None]:
    """Runs the loop in a thread; it has to end when the block does."""
    stop = threading.Event()
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WITHIN_S)
    assert not thread.is_alive()
