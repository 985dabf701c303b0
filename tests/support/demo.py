"""The demo as a process of its own, whose parts a test may kill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.configuration import SETTINGS
from tests.support.real_servers import free_ports

ROOT = Path(__file__).parents[2]
PROCESSES = {
    "deploy.local.mail_catcher",
    *(f"services.{name} {role}" for name in SETTINGS for role in ("api", "worker")),
}


class Demo:
    """A demo that plays one customer in `one_in`; `settings` adds to its environment. What it says goes to a file."""

    def __init__(self, folder: Path, *, one_in: int, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = folder / "demo"
        self._said = folder / "said.txt"
        # Ports of its own: what is killed leaves its port free for a moment, and another demo would take a usual one.
        *ports, mail_port = free_ports(len(SETTINGS) + 1)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        environment |= {f"RAPPORT_{name.upper()}_PORT": str(port) for name, port in zip(SETTINGS, ports, strict=True)}
        environment |= settings or {}
        options = ["--data-dir", str(self.data_dir), "--one-in", str(one_in), "--mail-port", str(mail_port)]
        command = [sys.executable, "-m", "deploy.demo", *options]
        with self._said.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment | {"PYTHONUNBUFFERED": "1"}, stdout=out, stderr=subprocess.STDOUT
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def plays(self) -> bool:
        return self.said.count(" is ready") == len(SETTINGS)

    def end(self, within_s: float) -> int:
        return self.process.wait(within_s)

    def parts(self) -> dict[str, psutil.Process]:
        """The suite's processes by what they run; the process manager is not among them."""
        found = {}
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    command = " ".join(process.cmdline())
                    if match := re.search(r"-m (deploy\.local\.mail_catcher|services\.\w+ (?:api|worker))", command):
                        found[match[1]] = process
        return found

    def kill_each_part_once(self) -> set[str]:
        """kill -9 of two parts a second as soon as the year is played; which were killed."""
        killed: set[str] = set()
        while self.process.poll() is None and killed != PROCESSES:
            waiting = sorted(self.parts().keys() - killed) if self.plays else []
            if waiting:
                self.parts()[waiting[0]].kill()
                killed.add(waiting[0])
            time.sleep(0.5)
        return killed

    def assert_nothing_is_left(self) -> None:
        deadline = time.monotonic() + 40
        while any(self._is_ours(process) for process in psutil.process_iter()):
            assert time.monotonic() < deadline, "a process outlived the demo"
            time.sleep(0.2)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("RAPPORT_DATA_DIR") == str(self.data_dir)
        except psutil.Error:
            return False
