"""What tests that need a real server share: skip or fail when it cannot be had, one of each a test run.

The run directory is made by the process that starts pytest and named in the environment, so that every xdist worker
finds the same one; whoever first needs a server starts it under a lock, and the process that started pytest stops
them all.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from random import SystemRandom
from typing import IO, NoReturn

import psutil
import pytest

RUN_DIRECTORY = "RAPPORT_TEST_RUN"
REQUIRE_SERVICES = "RAPPORT_REQUIRE_SERVICES"
_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections, any of which may be taken in the next moment."""
_claims: list[IO[str]] = []


class ServerMissingError(Exception):
    """A server that a test needs cannot be had on this machine; the message says why."""


def give_up(why: ServerMissingError) -> NoReturn:
    """Skip the test, saying why; fail it where the environment requires every service."""
    if os.environ.get(REQUIRE_SERVICES) == "1":
        pytest.fail(f"{REQUIRE_SERVICES}=1, but {why}", pytrace=False)
    pytest.skip(f"SKIPPED, NOT TESTED: {why}")


def open_run() -> None:
    """Make the run directory; its path is short, since Unix sockets are made below it."""
    directory = Path(tempfile.mkdtemp(prefix="rapport-", dir="/tmp"))
    directory.chmod(0o755)
    os.environ[RUN_DIRECTORY] = str(directory)


def close_run() -> None:
    """Stop every shared server of this run and remove its directory."""
    directory = Path(os.environ.pop(RUN_DIRECTORY))
    for pid_file in directory.glob("*.pid"):
        stop_process(int(pid_file.read_text()))
    shutil.rmtree(directory, ignore_errors=True)


def run_directory() -> Path:
    """Where this test run keeps the servers that its processes share."""
    return Path(os.environ[RUN_DIRECTORY])


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let one process of the run at a time start the server `name`."""
    with (run_directory() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop_process(pid: int, *, timeout_s: float = 10.0) -> None:
    """Ask a server's process to end, then kill its group."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)
        with suppress(psutil.TimeoutExpired):
            process.wait(timeout_s)
    kill_group(pid)


def kill_group(pid: int) -> None:
    """kill -9 a process that leads its own session, and all its children; wait until they are gone.

    Each is killed by itself, for PostgreSQL's backends lead sessions of their own.
    """
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, 10)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """TCP ports on 127.0.0.1 that nobody listens on, and that nobody else gets from here while this process lives."""
    start = SystemRandom().randrange(len(_PORTS))
    free = (port for port in (*_PORTS[start:], *_PORTS[:start]) if _claim(port))
    return list(islice(free, count))


def _claim(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / "rapport-test-ports"
    folder.mkdir(exist_ok=True)
    lock = (folder / str(port)).open("w")
    with socket.socket() as listener, suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        listener.bind(("127.0.0.1", port))
        _claims.append(lock)
        return True
    lock.close()
    return False


def wait_for_port(port: int, *, alive: psutil.Popen, timeout_s: float) -> bool:
    """Whether somebody answers on the port before `timeout_s` and before the process ends."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and alive.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.1)
    return False
