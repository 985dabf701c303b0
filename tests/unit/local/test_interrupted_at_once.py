"""Ctrl-C while a command is still being loaded ends it without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("command", "code"),
    [(("deploy.command", "imports", "list"), 130), (("deploy.local", "run"), 0), (("deploy.demo",), 130)],
)
def test_interrupted_while_it_is_loaded(tmp_path: Path, command: tuple[str, ...], code: int) -> None:
    (tmp_path / "rich.py").write_text("raise KeyboardInterrupt")  # all three load it
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
