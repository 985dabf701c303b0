"""What keeps the suite's processes running, when the machine does not play along."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.process_manager import ProcessManager
from deploy.local.programs import Program

CHATTY = Program("chatty", 1, (sys.executable, "-uc", "import time\nwhile True: print('still here'); time.sleep(0.05)"))


@pytest.fixture
def logs_on_a_full_disk(tmp_path: Path) -> Path:
    """A folder of logs of which every file refuses what is written to it."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("chatty.log", "supervisord.log", "supervisord.errors.log"):
        (logs / name).symlink_to("/dev/full")
    return logs


@pytest.fixture
def manager(logs_on_a_full_disk: Path) -> Iterator[ProcessManager]:
    made = ProcessManager([CHATTY], logs=logs_on_a_full_disk, environment={})
    made.start()
    yield made
    made.stop()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_nothing(manager: ProcessManager) -> None:
    deadline = time.monotonic() + 30
    while not (pids := [state.pid for state in manager.states() if state.state == "RUNNING"]):
        assert time.monotonic() < deadline
        assert not manager.died()
        time.sleep(0.1)
    for _ in range(10):  # the process goes on talking all the while
        time.sleep(0.1)
        assert not manager.died()
        assert [state.pid for state in manager.states()] == pids
