"""A worker runs all of its service's loops, or those that its command line leaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from services.scoring.settings import ScoringSettings
from services.scoring.workers.loops import loops
from tests.support.real_servers import free_ports


@contextmanager
def worker(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A worker of scoring, and the port of its metrics."""
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "RAPPORT_SCORING_DATABASE_URL": f"sqlite:///{folder}/scoring.db",
        "RAPPORT_DATA_DIR": str(folder),
        "RAPPORT_BUS_URL": str(folder / "bus"),
        "RAPPORT_WORKER_PORT": str(port),
    }
    command = [sys.executable, "-m", "services.scoring", "worker", *options]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process, port
    finally:
        process.terminate()
        process.communicate(timeout=60)


def running(port: int) -> set[str]:
    """The loops that a worker tells of, once it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if found := set(re.findall(r'rapport_loop_silent_seconds\{loop="([^"]+)"\}', told)):
            return found
    raise AssertionError("the worker does not tell of its loops")


def all_loops(folder: Path) -> set[str]:
    settings = ScoringSettings(scoring_database_url=f"sqlite:///{folder}/scoring.db", data_dir=folder)
    return set(loops(settings))


def test_one_loop_and_all_others_are_all_there_are(tmp_path: Path) -> None:
    with worker(tmp_path, "--only", "relay") as (_, port):
        assert running(port) == {"relay"}
    with worker(tmp_path, "--except", "relay", "--except=topics") as (_, port):
        assert running(port) == all_loops(tmp_path) - {"relay", "topics"}


@pytest.mark.parametrize("option", ["--only", "--except"])
def test_a_loop_that_there_is_not_is_refused_in_one_line(tmp_path: Path, option: str) -> None:
    with worker(tmp_path, option, "rely") as (process, _):
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("rapport scoring: no loop rely; there are topics, relay, ")
