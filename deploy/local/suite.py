"""The suite on one machine, from its databases' schemas to its readiness."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import httpx
from sqlalchemy.exc import SQLAlchemyError

from deploy.local import preflight
from deploy.local.configuration import SETTINGS, Configuration
from deploy.local.development_keys import DevelopmentKeys, development_keys
from deploy.local.process_manager import ProcessManager, ProcessState
from deploy.local.programs import programs_of
from deploy.local.refusals import CannotStart
from deploy.local.sole_use import sole_use
from shared.sql.database import Database
from shared.sql.migrations import upgrade

_READY_WITHIN_S = 180.0
_GIVE_UP_AFTER = 3
_TLS = ssl.create_default_context()
"""Made once: httpx would read every certificate of the machine anew each time it is asked who is ready."""


class Suite:
    """Four APIs, four workers and a mail catcher, running while the `with` block lasts.

    Entering raises CannotStart; everything that was started has ended by then.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.keys: DevelopmentKeys
        self._manager: ProcessManager | None = None
        self._held = ExitStack()
        self._reviving = threading.Lock()

    def __enter__(self) -> Self:
        preflight.check_folders(self.configuration)
        with ExitStack() as begun:
            lock = begun.enter_context(sole_use(self.configuration.data_dir))
            preflight.check_ports(self.configuration)
            self._start(lock)
            self._held = begun.pop_all()
        return self

    def _start(self, lock: int) -> None:
        try:
            kept_in = self.configuration.data_dir / "dev.env"
            self.keys = development_keys(os.environ, kept_in, self.configuration.urls)
        except OSError as error:
            raise CannotStart(f"{error.filename}: {error.strerror}") from error
        environment = {**self.configuration.environment, **self.keys.environment}
        _migrate(self.configuration.databases)
        preflight.prepare_bus(self.configuration.bus_url)
        self._manager = ProcessManager(
            programs_of(self.configuration),
            logs=self.configuration.logs,
            environment=environment,
            holds=[lock],  # killed with -9, this process leaves it the folder until all has ended
        )
        self._manager.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._manager is not None:
            self._manager.stop()
        self._held.close()

    def states(self) -> list[ProcessState]:
        """Every process as the process manager sees it."""
        return self._manager.states() if self._manager else []

    def revive(self) -> bool:
        """Start the process manager again if it was killed; its processes ended with it. Whether it was needed."""
        with self._reviving:  # `kept_alive` looks too, and would start a second one beside this
            if self._manager is None or not self._manager.died():
                return False
            self._manager.start()
            return True

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Look after the process manager in the background while the block lasts."""
        stop = threading.Event()

        def look() -> None:
            while not stop.wait(0.5):
                self.revive()

        watcher = threading.Thread(target=look, name="process-manager watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def ready(self) -> set[str]:
        """The services that answer /readyz with 200 now."""
        return {name for name in SETTINGS if _answers(f"{self.configuration.url(name)}/readyz")}

    def wait_until_ready(self, tell: Callable[[str], object], *, timeout_s: float = _READY_WITHIN_S) -> None:
        """Return once all four are ready; `tell` hears what becomes ready.

        Raises CannotStart with a process's last log line when it keeps failing, or after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        failures = _Failures()
        ready: set[str] = set()
        while len(ready) < len(SETTINGS):
            for name in sorted(self.ready() - ready):
                ready.add(name)
                tell(f"{name} is ready")
            self.revive()
            failures.look(self.states())
            if time.monotonic() > deadline:
                missing = ", ".join(sorted(set(SETTINGS) - ready))
                raise CannotStart(f"not ready after {timeout_s:.0f} s: {missing}; see {self.configuration.logs}")
            time.sleep(0.25)


class _Failures:
    """Counts how often each process ended at once."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._failing: set[str] = set()

    def look(self, states: Iterable[ProcessState]) -> None:
        """Raise CannotStart for a process that failed a third time."""
        for state in states:
            if state.state == "RUNNING":
                self._counts[state.name] = 0
            elif state.keeps_failing and state.name not in self._failing:
                self._counts[state.name] = self._counts.get(state.name, 0) + 1
            (self._failing.add if state.keeps_failing else self._failing.discard)(state.name)
            if self._counts.get(state.name, 0) >= _GIVE_UP_AFTER:
                raise CannotStart(f"{state.name} does not start: {state.last_log_line()}")


def _migrate(databases: Mapping[str, str]) -> None:
    """Bring every database up to date. Raises CannotStart for one that cannot be used."""
    for name, url in databases.items():
        try:
            database = Database(url, page_bytes=SETTINGS[name].page_bytes)
            upgrade(database, f"services.{name}.migrations")
            database.dispose()
        except (ValueError, SQLAlchemyError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise CannotStart(f"RAPPORT_{name.upper()}_DATABASE_URL: {reason}") from error


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, verify=_TLS).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
