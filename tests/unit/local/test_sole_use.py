"""A data folder is one suite's until all of its processes have ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.demo.data_folder import data_folder
from deploy.local.refusals import CannotStart
from deploy.local.sole_use import sole_use

HOLDER = """
import sys, time
from pathlib import Path
from deploy.local.sole_use import sole_use
with sole_use(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_by_one_and_can_be_had_again(tmp_path: Path) -> None:
    with sole_use(tmp_path), pytest.raises(CannotStart, match=f"process {os.getpid()}"), sole_use(tmp_path):
        pass
    with sole_use(tmp_path):
        pass


def test_a_kill_lets_go_of_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CannotStart, match=f"process {holder.pid}"), sole_use(tmp_path):
            pass
        holder.kill()
    with sole_use(tmp_path):
        pass


def test_who_was_handed_the_lock_holds_it_on(tmp_path: Path) -> None:
    with sole_use(tmp_path) as lock:
        heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(CannotStart), sole_use(tmp_path):
        pass
    heir.communicate(b"\n")
    with sole_use(tmp_path):
        pass


def test_no_demo_empties_the_folder_of_a_suite(tmp_path: Path) -> None:
    with data_folder(tmp_path / "demo") as folder:
        (folder / "events.db").write_text("kept")
    with sole_use(folder), pytest.raises(CannotStart), data_folder(folder):
        pass
    assert (folder / "events.db").exists()
    with data_folder(folder), sole_use(folder):
        assert not (folder / "events.db").exists()
