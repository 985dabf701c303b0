"""supervisord as a child of this process: started, asked, restarted when it dies, ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Error as RpcError
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from deploy.local.programs import ROOT, Program, write_supervisor_file
from deploy.local.tied_to_parent import PARENT

_END_WITHIN_S = 60


@dataclass(frozen=True)
class ProcessState:
    """What supervisord says of one process: RUNNING, STARTING, BACKOFF, FATAL, STOPPED, ..."""

    name: str
    state: str
    pid: int
    log: Path

    @property
    def keeps_failing(self) -> bool:
        """It ended at once after each start."""
        return self.state in ("BACKOFF", "FATAL")

    def last_log_line(self) -> str:
        """The last thing the process said, or an empty string."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 4096))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""


class ProcessManager:
    """Keeps the programs running until `stop`, and the files `holds` open, and so locked, while it lives itself."""

    def __init__(
        self, programs: list[Program], *, logs: Path, environment: Mapping[str, str], holds: Collection[int] = ()
    ) -> None:
        # A Unix socket's path holds about 100 characters: the data folder may be deeper than that.
        self._folder = Path(tempfile.mkdtemp(prefix="rapport-"))
        self._socket = self._folder / "supervisor.sock"
        self._file = self._folder / "supervisord.conf"
        self._environment = os.environ | environment | {PARENT: str(os.getpid())}
        self._holds = holds
        write_supervisor_file(self._file, programs, socket=self._socket, logs=logs)
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start supervisord, and with it every program; also anew after it died."""
        supervisord = [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(self._file)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.tied_to_parent", *supervisord],
            cwd=ROOT,
            env=self._environment,
            pass_fds=self._holds,
            stdin=subprocess.DEVNULL,
            # Here supervisord says that a log cannot be written, and dies if it cannot say that: the disk may be full.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the others in order
        )

    def died(self) -> bool:
        """Whether supervisord ended without being asked to."""
        return self._child is not None and self._child.poll() is not None

    def states(self) -> list[ProcessState]:
        """Every process's state; empty while supervisord does not answer."""
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        try:
            answer = ServerProxy("http://127.0.0.1", transport).supervisor.getAllProcessInfo()
        except (OSError, HTTPException, RpcError):
            return []
        finally:
            transport.close()
        return [
            ProcessState(p["name"], p["statename"], p["pid"], Path(p["stdout_logfile"]))
            for p in cast("list[dict[str, Any]]", answer)
        ]

    def stop(self) -> None:
        """End every program in order, then supervisord."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
