"""A tied process ends with its parent, whenever that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.local.tied_to_parent import PARENT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")

PARENT_OF_ONE = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "deploy.local.tied_to_parent", *sys.argv[2:]],
                 env=os.environ | {"RAPPORT_PARENT_PID": str(os.getpid())})
time.sleep(float(sys.argv[1]))
"""
CHILD = (sys.executable, "-c", "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(60)")
GRANDCHILD = (sys.executable, "-c", PARENT_OF_ONE, "60", *CHILD)


def _parent(lives_s: float, *child: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PARENT_OF_ONE, str(lives_s), *child])


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(word: str) -> bool:
    return any(word in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))


def _assert_ends(word: str) -> None:
    deadline = time.monotonic() + 10
    while _lives(word):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.05)


@pytest.mark.parametrize("child", [CHILD, GRANDCHILD], ids=["child", "grandchild"])
def test_ends_when_its_parent_is_killed(tmp_path: Path, child: tuple[str, ...]) -> None:
    started = tmp_path / "started"
    parent = _parent(60, *child, str(started))
    _wait_for(started)
    assert _lives(str(started))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _assert_ends(str(started))


def test_ends_when_its_parent_died_before_it_could_ask(tmp_path: Path) -> None:
    started = tmp_path / "started"
    _parent(0, *CHILD, str(started)).wait()
    _assert_ends(str(started))
    assert not started.exists()


def test_tells_its_command_who_starts_the_commands_children(tmp_path: Path) -> None:
    told = (sys.executable, "-c", f"import os; print(os.environ['{PARENT}'] == str(os.getpid()))")
    command = [sys.executable, "-m", "deploy.local.tied_to_parent", *told]
    answer = subprocess.run(command, env=os.environ | {PARENT: str(os.getpid())}, capture_output=True, text=True)
    assert answer.stdout == "True\n", answer.stderr
