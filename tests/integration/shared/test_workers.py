"""A worker process: it ends when it is asked to, when a loop fails, and when one hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx

from tests.support.real_servers import free_ports
from tests.support.suite import TLS

_PROGRAM = """
import sys, threading
from shared.telemetry.logs import configure_logging
from shared.workers.loops import every
from shared.workers.process import run_worker

def hangs(stop):
    threading.Event().wait()

def fails(stop):
    raise RuntimeError("broken")

configure_logging("toy-worker", "INFO")
loops = {"hangs": hangs, "fails": fails}
chosen = {name: loops[name] for name in sys.argv[2:]}
sys.exit(run_worker({"good": every(60, lambda: None), **chosen}, port=int(sys.argv[1]), hangs_after_s=4))
"""


class Worker:
    """A worker in a process of its own, with a good loop and those that are named."""

    def __init__(self, *loops: str) -> None:
        (self.port,) = free_ports(1)
        command = [sys.executable, "-c", _PROGRAM, str(self.port), *loops]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def health(self) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", verify=TLS)
        except httpx.TransportError:
            return None

    def becomes(self, status: int) -> httpx.Response:
        deadline = time.monotonic() + 60
        while (answer := self.health()) is None or answer.status_code != status:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return answer

    def end(self) -> tuple[int, str]:
        """The exit code and the log."""
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


def test_it_is_well_until_it_is_asked_to_end() -> None:
    worker = Worker()
    assert worker.becomes(200).json() == {"status": "ok"}
    assert "rapport_loop_silent_seconds" in httpx.get(f"http://127.0.0.1:{worker.port}/metrics").text
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end()[0] == 0


def test_a_loop_that_hangs_is_named_and_ends_the_process() -> None:
    worker = Worker("hangs")
    assert worker.becomes(503).json() == {"status": "silent", "loops": ["hangs"]}
    code, log = worker.end()
    assert code == 1
    assert "loop hangs" in log
    assert "in hangs" in log, "the log says where"


def test_a_loop_that_fails_ends_the_process() -> None:
    code, log = Worker("fails").end()
    assert code == 1
    assert "broken" in log
