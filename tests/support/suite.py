"""The whole suite as real processes that a test may kill: four APIs and four workers."""

from __future__ import annotations

import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx
import psutil

from deploy.local.configuration import SETTINGS
from shared.bus.opening import open_bus
from shared.contracts.topics import ALL
from shared.sql.database import Database
from shared.sql.migrations import upgrade
from tests.support.kafka import KafkaBroker
from tests.support.postgres import PostgresServer
from tests.support.real_servers import free_ports

SERVICES = ("profile", "messaging", "scoring", "events")
ROLES = ("api", "worker")
API_KEY = "rk_test_key_of_the_suite"
WRITE_KEY = "wk_test_key_of_the_suite"
ROOT = Path(__file__).parents[2]
TLS = ssl.create_default_context()
"""For clients that are made often: without it httpx reads every certificate anew for each, which takes 25 ms."""


def cluster_settings(broker: KafkaBroker, postgres: PostgresServer) -> dict[str, str]:
    """The environment that puts a suite on Kafka and on four new PostgreSQL databases."""
    databases = {f"RAPPORT_{service.upper()}_DATABASE_URL": postgres.new_database() for service in SERVICES}
    return databases | {"RAPPORT_BUS_URL": broker.url}


class Suite:
    """The processes of one suite under `directory`; `settings` adds to or replaces their environment."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        *,
        services: Sequence[str] = SERVICES,
        roles: Sequence[str] = ROLES,
    ) -> None:
        self.directory = directory
        self.services = services
        self._roles = roles
        self.ports = dict(zip(services, free_ports(len(services)), strict=True))
        self._processes: dict[str, psutil.Popen] = {}
        self._environment = os.environ | {
            "RAPPORT_DATA_DIR": str(directory),
            "RAPPORT_BUS_URL": str(directory / "bus"),
            "RAPPORT_DEV_API_KEY": API_KEY,
            "RAPPORT_DEV_WRITE_KEY": WRITE_KEY,
            "PYTHONPATH": str(ROOT),
            **{f"RAPPORT_{s.upper()}_PORT": str(port) for s, port in self.ports.items()},
            **{f"RAPPORT_{s.upper()}_DATABASE_URL": f"sqlite:///{directory}/{s}.db" for s in services},
            **(settings or {}),
        }

    @property
    def names(self) -> list[str]:
        """Every process by name, such as `events-api` and `events-worker`."""
        return [f"{service}-{role}" for service in self.services for role in self._roles]

    @property
    def bus_url(self) -> str:
        """The bus that every process is on."""
        return self._environment["RAPPORT_BUS_URL"]

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
            for name in self.names:
                self.start(name)
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        running = [process for process in self._processes.values() if process.is_running()]
        for process in running:
            process.send_signal(signal.SIGTERM)
        _, stuck = psutil.wait_procs(running, timeout=30)
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

    def restart(self, name: str) -> None:
        """kill -9 one process and start it again at once."""
        self.kill(name)
        self.start(name)

    def pause(self, name: str) -> None:
        """Stop one process where it is (SIGSTOP)."""
        self._processes[name].suspend()

    def resume(self, name: str) -> None:
        """Let a paused process go on."""
        self._processes[name].resume()

    def terminate(self, name: str, *, timeout_s: float = 25.0) -> int:
        """Ask one process to end (SIGTERM), and return its exit code. Raises psutil.TimeoutExpired."""
        self._processes[name].send_signal(signal.SIGTERM)
        return int(self._processes[name].wait(timeout_s))

    def memory(self, name: str) -> int:
        """The bytes that one process has in memory now."""
        return int(self._processes[name].memory_info().rss)

    def wait_until_ready(self, timeout_s: float = 180.0) -> None:
        """Wait until every API answers /readyz with 200; AssertionError with the logs' ends otherwise."""
        self.wait_for(lambda: all(map(self.ready, self.services)), "every API is ready", timeout_s=timeout_s)

    def wait_for(self, met: Callable[[], bool], what: str, *, timeout_s: float = 120.0) -> None:
        """Wait until `met` holds, also while a service is down; AssertionError with the logs' ends otherwise."""
        deadline = time.monotonic() + timeout_s
        while not _holds(met):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout_s:.0f} s: {what}\n{self.log_ends()}")
            time.sleep(0.1)

    def client(self, service: str, *, timeout_s: float = 30.0) -> httpx.Client:
        """An HTTP client of one service with the API key."""
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return httpx.Client(base_url=self.url(service), headers=headers, timeout=timeout_s, verify=TLS)

    def url(self, service: str) -> str:
        """Where one service answers."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def log(self, name: str) -> str:
        """Everything that one process has written."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def log_ends(self) -> str:
        """The last lines of every log."""
        return "\n".join(self._log_ends())

    def ready(self, service: str) -> bool:
        """Whether /readyz answers 200 now."""
        try:
            return httpx.get(f"{self.url(service)}/readyz", timeout=2, verify=TLS).status_code == 200
        except httpx.TransportError:
            return False

    def _prepare(self) -> None:
        """Topics and schemas, once and before anything runs."""
        bus = open_bus(self._environment["RAPPORT_BUS_URL"])
        bus.create_topics(ALL)
        bus.close()
        for service in self.services:
            url = self._environment[f"RAPPORT_{service.upper()}_DATABASE_URL"]
            database = Database(url, page_bytes=SETTINGS[service].page_bytes)
            upgrade(database, f"services.{service}.migrations")
            database.dispose()

    def _log_ends(self) -> Iterator[str]:
        for path in sorted(self.directory.glob("*.log")):
            yield f"== {path.name}"
            yield from path.read_text(errors="replace").splitlines()[-8:]

    def _command(self, service: str, role: str) -> list[str]:
        return [sys.executable, "-m", f"services.{service}", role]


def _holds(met: Callable[[], bool]) -> bool:
    try:
        return met()
    except httpx.TransportError:
        return False
