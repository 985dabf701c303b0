"""Processes that may open few files: they take what the system allows, and say so where that is too little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.open_files import NEEDED
from tests.support.suite import ROOT


def run(limit: str, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command comes to in a shell of its own, under a limit."""
    environment = {"PYTHONPATH": str(ROOT), "RAPPORT_DATA_DIR": str(folder), "RAPPORT_BUS_URL": str(folder / "bus")}
    line = f'ulimit {limit} && exec "{sys.executable}" {command}'
    return subprocess.run(  # noqa: S603 - our own words
        ["/bin/sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("service", "role"), [("profile", "api"), ("events", "worker")])
def test_a_process_that_may_open_too_few_files_says_so_in_one_line_and_does_not_start(
    service: str, role: str, tmp_path: Path
) -> None:
    ended = run("-n 64", f"-m services.{service} {role}", tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2,
        f"rapport {service}: it may have 64 files open and needs {NEEDED}; raise the hard limit (ulimit -n)\n",
    )


def test_what_the_system_allows_is_taken(tmp_path: Path) -> None:
    shown = (
        "-c 'import resource; from shared.open_files import allow_open_files; allow_open_files();"
        " print(*resource.getrlimit(resource.RLIMIT_NOFILE))'"
    )
    assert run("-Sn 64 && ulimit -Hn 300", shown, tmp_path).stdout.split() == ["300", "300"]
    assert run("-n 300", shown, tmp_path).stdout.split() == ["300", "300"]
