"""A real Kafka broker: one KRaft node of deploy/kafka on free ports of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psutil

from tests.support.real_servers import ServerMissingError, free_ports, kill_group, stop_process, wait_for_port

START = Path(__file__).parents[2] / "deploy" / "kafka" / "start-kafka.sh"


NEVER = 2**63 - 1
"""Kafka's own default: copies on other brokers make up for what one has not synced."""


class KafkaBroker:
    """One broker on one folder and one port, which it keeps when it is killed and started again."""

    def __init__(self, directory: Path, *, sync_every: int = 1, java_options: str = "") -> None:
        self.directory = directory
        self._settings = {"KAFKA_SYNC_EVERY": str(sync_every), "JAVA_TOOL_OPTIONS": java_options}
        self.port, self._controller_port = free_ports(2)
        self._process: psutil.Popen | None = None

    @property
    def url(self) -> str:
        """The bus URL of the broker."""
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The broker's process id; it leads a process group of its own."""
        if self._process is None:
            raise RuntimeError("the broker was not started by this object")
        return int(self._process.pid)

    def start(self) -> None:
        """Start on what the folder holds, and wait until the port answers. Raises ServerMissingError."""
        missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
        if missing and not (START.parent / "libs").exists():
            raise ServerMissingError(f"Kafka needs {' and '.join(missing)}, not installed here")
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "broker.log").open("ab") as log:
            self._process = psutil.Popen(
                [START, self.directory, str(self.port), str(self._controller_port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self._settings},
            )  # fmt: skip
        if not wait_for_port(self.port, alive=self._process, timeout_s=180):
            kill_group(self.pid)
            log_end = (self.directory / "broker.log").read_text(errors="replace")[-2000:]
            raise ServerMissingError(f"the Kafka broker did not start:\n{log_end}")

    def kill(self) -> None:
        """kill -9 the broker."""
        kill_group(self.pid)

    def stop(self) -> None:
        """Shut the broker down in order."""
        stop_process(self.pid)
