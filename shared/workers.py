"""A worker process: named loops in threads, a health port, and an orderly end on SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from time import monotonic

from prometheus_client import start_http_server

_log = logging.getLogger(__name__)
Loop = Callable[[threading.Event], None]
_DRAIN_S = 25.0


def run_worker(loops: Mapping[str, Loop], *, port: int = 0, host: str = "127.0.0.1") -> int:
    """Run every loop until SIGTERM or SIGINT; each finishes what it has begun. The exit code.

    A loop that raises ends the process with 1, so that its supervisor starts a fresh one.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if port:
        start_http_server(port, addr=host)
    failed: list[str] = []

    def guarded(name: str, loop: Loop) -> None:
        try:
            loop(stop)
        except Exception:
            _log.exception("loop failed", extra={"loop": name})
            failed.append(name)
            stop.set()
            raise

    threads = [
        threading.Thread(target=guarded, args=(name, loop), name=name, daemon=True) for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    _log.info("worker started", extra={"loops": list(loops)})
    stop.wait()
    return _drain(threads) or int(bool(failed))


def every(seconds: float, action: Callable[[], object]) -> Loop:
    """A loop that calls `action` now and then every `seconds`."""

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            action()
            stop.wait(seconds)

    return loop


def _drain(threads: list[threading.Thread]) -> int:
    deadline = monotonic() + _DRAIN_S
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
    stuck = [thread.name for thread in threads if thread.is_alive()]
    if stuck:
        _log.error("loops did not end in time", extra={"loops": stuck})
    return int(bool(stuck))
