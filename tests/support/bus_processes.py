"""Processes of their own that publish to a bus or belong to a group, so that tests can kill them.

`python -m tests.support.bus_processes publish URL TOPIC PARTITIONS PREFIX` prints each value that was acknowledged;
`... consume URL TOPIC GROUP SESSION_TIMEOUT_S` prints each value that it read, and `owns N` when that changes;
`... outgrow URL TOPIC BYTES` publishes until no file may grow past BYTES and prints `refused`, then may grow again,
publishes once more and prints `recovered`.
"""

from __future__ import annotations

import itertools
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shared.bus.opening import open_bus
from shared.bus.ports import BusError, BusUnavailable, NewRecord
from tests.support.reading import from_the_oldest

ROOT = Path(__file__).parents[2]


class BusProcess:
    """A running publisher or member, and the lines it has printed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.bus_processes", *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def wait_for(self, line: str, *, timeout_s: float = 60.0) -> None:
        """Wait until the process printed this line."""
        deadline = time.monotonic() + timeout_s
        while line not in self.lines:
            assert time.monotonic() < deadline, f"{line!r} not printed within {timeout_s} s; printed {self.lines[-5:]}"
            assert self.process.poll() is None, "the process has ended"
            time.sleep(0.02)

    def stop(self) -> None:
        """Let the process stand still, as a machine that hangs does."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9; afterwards `lines` is all it ever printed."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            if line.endswith("\n"):  # the last one may be cut by the kill
                self.lines.append(line.rstrip("\n"))


@contextmanager
def bus_process(*arguments: object) -> Iterator[BusProcess]:
    """Start a process, and kill it at the end whatever happens."""
    process = BusProcess(*map(str, arguments))
    try:
        yield process
    finally:
        process.kill()


def say(line: str) -> None:
    """Print a line that the parent sees at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def publish(url: str, topic: str, partitions: str, prefix: str) -> None:
    """Publish one value after another for ever, eight at a time."""
    publisher = open_bus(url).publisher()
    numbers = itertools.count()
    while True:
        values = [f"{prefix}-{next(numbers)}" for _ in range(8)]
        records = [
            NewRecord(topic, index % int(partitions), value.encode(), key=prefix) for index, value in enumerate(values)
        ]
        try:
            publisher.publish(records, timeout_s=5)
        except BusError:
            continue
        say("\n".join(values))


def consume(url: str, topic: str, group: str, session_timeout_s: str) -> None:
    """Read for ever."""
    consumer = open_bus(url).consumer(
        group, [topic], start_at=from_the_oldest, session_timeout_s=float(session_timeout_s)
    )
    owned = -1
    while True:
        for record in consumer.poll(timeout_s=0.1):
            say(record.value.decode())
        if len(consumer.assignment()) != owned:
            owned = len(consumer.assignment())
            say(f"owns {owned}")


def outgrow(url: str, topic: str, limit: str) -> None:
    """Publish on a disk that is full for a while; writing past the limit fails as writing to a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), hard))
    publisher = open_bus(url).publisher()
    try:
        for number in itertools.count():
            publisher.publish([NewRecord(topic, 0, f"full-{number} {'x' * 10_000}".encode())])
            say(f"full-{number}")
    except BusUnavailable:
        say("refused")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    publisher.publish([NewRecord(topic, 0, b"after")])
    say("recovered")
    signal.pause()


if __name__ == "__main__":
    _, what, *rest = sys.argv
    {"publish": publish, "consume": consume, "outgrow": outgrow}[what](*rest)
