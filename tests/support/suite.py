"""The whole suite as real processes that a test may kill: four APIs, four workers, a mail server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import httpx
import psutil

from shared.bus.opening import open_bus
from shared.contracts.topics import ALL
from tests.support.real_servers import free_ports

SERVICES = ("profile", "messaging", "scoring", "events")
API_KEY = "rk_test_key_of_the_suite"
WRITE_KEY = "wk_test_key_of_the_suite"
ROOT = Path(__file__).parents[2]


class Suite:
    """The processes of one suite under `directory`; `settings` adds to or replaces their environment."""

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self._processes: dict[str, psutil.Popen] = {}
        self._environment = os.environ | {
            "RAPPORT_DATA_DIR": str(directory),
            "RAPPORT_BUS_URL": str(directory / "bus"),
            "RAPPORT_DEV_API_KEY": API_KEY,
            "RAPPORT_DEV_WRITE_KEY": WRITE_KEY,
            "PYTHONPATH": str(ROOT),
            **{f"RAPPORT_{s.upper()}_PORT": str(port) for s, port in self.ports.items()},
            **{f"RAPPORT_{s.upper()}_DATABASE_URL": f"sqlite:///{directory}/{s}.db" for s in SERVICES},
            **(settings or {}),
        }

    @property
    def names(self) -> list[str]:
        """Every process by name, such as `events-api` and `events-worker`."""
        return [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]

    def __enter__(self) -> Self:
        bus = open_bus(self._environment["RAPPORT_BUS_URL"])
        bus.create_topics(ALL)
        bus.close()
        for service in SERVICES:
            subprocess.run(self._command(service, "migrate"), env=self._environment, cwd=ROOT, check=True)
        for name in self.names:
            self.start(name)
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        _, stuck = psutil.wait_procs(list(self._processes.values()), timeout=30)
        for process in stuck:
            process.kill()

    def start(self, name: str) -> None:
        """Start one process; its log is appended to `<name>.log` in the suite's directory."""
        service, _, role = name.partition("-")
        with (self.directory / f"{name}.log").open("ab") as log:
            self._processes[name] = psutil.Popen(
                self._command(service, role), env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """kill -9 one process."""
        self._processes[name].kill()
        self._processes[name].wait(10)

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until every API answers /readyz with 200; AssertionError with the logs' ends otherwise."""
        deadline = time.monotonic() + timeout_s
        waiting = set(SERVICES)
        while waiting:
            waiting = {service for service in waiting if not self._ready(service)}
            if waiting and time.monotonic() > deadline:
                raise AssertionError(f"not ready: {waiting}\n{self.log_ends()}")
            time.sleep(0.1 if waiting else 0)

    def client(self, service: str) -> httpx.Client:
        """An HTTP client of one service with the API key."""
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.ports[service]}", headers=headers, timeout=30)

    def log_ends(self) -> str:
        """The last lines of every log."""
        return "\n".join(self._log_ends())

    def _log_ends(self) -> Iterator[str]:
        for path in sorted(self.directory.glob("*.log")):
            yield f"== {path.name}"
            yield from path.read_text(errors="replace").splitlines()[-8:]

    def _ready(self, service: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[service]}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def _command(self, service: str, role: str) -> list[str]:
        return [sys.executable, "-m", f"services.{service}", role]
