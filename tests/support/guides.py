"""The pages of docs/ as scripts: their examples, run as they stand there against a suite of a test's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

_KEYS = {"RAPPORT_DEV_API_KEY": API_KEY, "RAPPORT_DEV_WRITE_KEY": WRITE_KEY}


def blocks(page: str, language: str = "sh") -> list[str]:
    """The blocks of a page that are written in `language`."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


def run_examples(script: str, suite: Suite, folder: Path) -> str:
    """What `script` writes in a `folder` whose var/dev.env is of `suite`; AssertionError where a command fails."""
    known = {f"RAPPORT_{service.upper()}_URL": suite.url(service) for service in suite.services} | _KEYS
    (folder / "var").mkdir(exist_ok=True)
    (folder / "var" / "dev.env").write_text("".join(f"{name}={value}\n" for name, value in known.items()))
    done = run_in(folder, script)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_in(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run `script` up to the first command that fails; the command `rapport` is found, and nothing is set for it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    return subprocess.run(
        ["bash", "-euo", "pipefail"], input=script, env=clean | {"PATH": path}, cwd=folder,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
