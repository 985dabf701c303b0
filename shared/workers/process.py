"""A worker process: named loops in threads, a health port, and an orderly end on SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from time import monotonic

from shared.workers.heartbeats import Heartbeat, Watch
from shared.workers.loops import Loop
from shared.workers.port import serve_worker_port

_log = logging.getLogger(__name__)
_DRAIN_S = 25.0
_HANGS_AFTER_S = 300.0
_LOOKS = 60


def run_worker(
    loops: Mapping[str, Loop], *, port: int = 0, host: str = "127.0.0.1", hangs_after_s: float = _HANGS_AFTER_S
) -> int:
    """Run every loop until SIGTERM or SIGINT; each finishes what it has begun. The exit code.

    A loop that raises, or gives no sign of life for `hangs_after_s`, ends the process with 1, so that its supervisor
    starts a fresh one. Raises OSError when the port is taken.
    """
    ends: SimpleQueue[None] = SimpleQueue()  # a handler may put into it whatever it interrupts; an Event may deadlock
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.put(None))
    heartbeats = {name: Heartbeat() for name in loops}
    watch = Watch(heartbeats, every_s=hangs_after_s / _LOOKS)
    if port:
        serve_worker_port(lambda: watch.silent(hangs_after_s / 2), host=host, port=port)
    failed: list[str] = []

    def guarded(name: str, loop: Loop) -> None:
        try:
            loop(heartbeats[name])
        except Exception:
            _log.exception("loop failed", extra={"loop": name})
            failed.append(name)
            ends.put(None)
            raise

    threads = [
        threading.Thread(target=guarded, args=(name, loop), name=name, daemon=True) for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    _log.info("worker started", extra={"loops": list(loops)})
    while not (_comes(ends, watch.every_s) or watch.silent(hangs_after_s)):
        watch.look({thread.name for thread in threads if thread.is_alive()})
    for heartbeat in heartbeats.values():
        heartbeat.set()
    hung = [thread for thread in threads if thread.name in watch.silent(hangs_after_s)]
    for thread in hung:
        _log.error("loop hangs", extra={"loop": thread.name, "stack": _stack_of(thread)})
    return _drain([thread for thread in threads if thread not in hung]) or int(bool(failed or hung))


def _comes(signs: SimpleQueue[None], within_s: float) -> bool:
    try:
        signs.get(timeout=within_s)
    except Empty:
        return False
    return True


def _stack_of(thread: threading.Thread) -> str:
    """Where the thread is, for whoever has to find out why."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame else ""


def _drain(threads: list[threading.Thread]) -> int:
    deadline = monotonic() + _DRAIN_S
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
    stuck = [thread.name for thread in threads if thread.is_alive()]
    if stuck:
        _log.error("loops did not end in time", extra={"loops": stuck})
    return int(bool(stuck))
