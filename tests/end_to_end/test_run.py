"""`python -m deploy.local run`: it comes up, what is killed comes back, and Ctrl-C ends all of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.configuration import SETTINGS
from tests.support.real_servers import free_ports
from tests.support.suite import TLS

ROOT = Path(__file__).parents[2]


def eventually(condition: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def pid_of(parent: psutil.Process, words: str) -> int | None:
    for process in parent.children(recursive=True):
        try:
            if words in " ".join(process.cmdline()):
                return process.pid
        except psutil.Error:
            continue
    return None


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_a_suite_comes_up_heals_and_ends(tmp_path: Path) -> None:
    *ports, mail_port = free_ports(len(SETTINGS) + 1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    environment |= {f"RAPPORT_{name.upper()}_PORT": str(port) for name, port in zip(SETTINGS, ports, strict=True)}
    environment |= {"RAPPORT_DATA_DIR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1", "RAPPORT_PROFIL_PORT": "1"}
    said = tmp_path / "said.txt"
    with said.open("w") as out:
        command = [sys.executable, "-m", "deploy.local", "--mail-port", str(mail_port), "run"]
        run = psutil.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "Ready." in said.read_text() or run.poll() is not None, within_s=200)
        assert "RAPPORT_PROFIL_PORT" in said.read_text(), "a misspelt setting is pointed out"
        for line in (tmp_path / "var" / "dev.env").read_text().splitlines():
            assert line.partition("=")[2] in said.read_text(), "the keys are shown"
        assert (tmp_path / "var").stat().st_mode & 0o077 == 0, "customers' data is for its owner only"
        with closing(sqlite3.connect(tmp_path / "var" / "events.db")) as events:
            assert events.execute("PRAGMA page_size").fetchone() == (SETTINGS["events"].page_bytes,)
        second = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (second.returncode, len(second.stderr.splitlines())) == (1, 1), second.stderr
        assert str(tmp_path / "var") in second.stderr, "two suites never share a folder"
        killed = pid_of(run, "services.events api")
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        events = f"http://127.0.0.1:{dict(zip(SETTINGS, ports, strict=True))['events']}/readyz"
        eventually(lambda: pid_of(run, "services.events api") not in (None, killed), within_s=60)
        eventually(lambda: answers(events), within_s=60)
        eventually(lambda: "events-api runs again" in said.read_text(), within_s=30)
        parts = run.children(recursive=True)
        run.send_signal(signal.SIGINT)
        assert run.wait(90) == 0
        assert [part for part in parts if part.is_running()] == []
    finally:
        if run.poll() is None:
            run.kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, verify=TLS).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
