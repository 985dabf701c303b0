"""What cannot be started is refused in one clear line, with a non-zero exit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.sole_use import sole_use
from tests.support.real_servers import free_ports

ROOT = Path(__file__).parents[3]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    profile, messaging, scoring, events, mail = free_ports(5)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")},
        "RAPPORT_DATA_DIR": str(tmp_path / "var"),
        "RAPPORT_PROFILE_PORT": str(profile),
        "RAPPORT_MESSAGING_PORT": str(messaging),
        "RAPPORT_SCORING_PORT": str(scoring),
        "RAPPORT_EVENTS_PORT": str(events),
        **settings,
    }
    command = [sys.executable, "-m", "deploy.local", "--mail-port", str(mail), "run"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def assert_refused(done: subprocess.CompletedProcess[str], *saying: str) -> None:
    lines = done.stderr.strip().splitlines()
    assert done.returncode != 0
    assert len(lines) == 1, done.stderr
    for words in saying:
        assert words in lines[0]


def test_a_port_in_use(tmp_path: Path, taken_port: int) -> None:
    done = run(tmp_path, RAPPORT_SCORING_PORT=str(taken_port))
    assert_refused(done, str(taken_port), "in use", "RAPPORT_SCORING_PORT")


def test_all_ports_in_use_are_named_at_once(tmp_path: Path, taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = server.getsockname()[1]
        done = run(tmp_path, RAPPORT_PROFILE_PORT=str(taken_port), RAPPORT_EVENTS_PORT=str(other))
    assert_refused(done, f"{taken_port} is in use (RAPPORT_PROFILE_PORT)", f"{other} is in use (RAPPORT_EVENTS_PORT)")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine(tmp_path: Path, host: str) -> None:
    assert_refused(run(tmp_path, RAPPORT_HOST=host), "RAPPORT_HOST", host)


def test_one_port_for_two(tmp_path: Path) -> None:
    done = run(tmp_path, RAPPORT_SCORING_PORT="9", RAPPORT_EVENTS_PORT="9")
    assert_refused(done, "RAPPORT_SCORING_PORT", "RAPPORT_EVENTS_PORT")


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file stands in the way")
    assert_refused(run(tmp_path), str(tmp_path / "var"))


def test_a_data_folder_that_another_suite_runs_on(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    with sole_use(tmp_path / "var"):
        done = run(tmp_path)
    assert_refused(done, str(tmp_path / "var"), f"process {os.getpid()}", "RAPPORT_DATA_DIR")


def test_ports_of_workers_that_others_want(tmp_path: Path, taken_port: int) -> None:
    done = run(tmp_path, RAPPORT_WORKER_PORT="7098", RAPPORT_EVENTS_PORT="7101")
    assert_refused(done, "RAPPORT_WORKER_PORT", "RAPPORT_EVENTS_PORT", "7101")
    assert_refused(run(tmp_path, RAPPORT_WORKER_PORT=str(taken_port)), "RAPPORT_WORKER_PORT", str(taken_port))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("RAPPORT_EVENTS_PORT", "eighty"),
        ("RAPPORT_PROFILE_PORT", "70000"),
        ("RAPPORT_WORKER_PORT", "65533"),
        ("RAPPORT_LOG_LEVEL", "LOUD"),
        ("RAPPORT_ENVIRONMENT", "staging"),
        ("RAPPORT_SMTP_URL", "http://mail.example"),
        ("RAPPORT_BUS_URL", "amqp://127.0.0.1"),
        ("RAPPORT_SCORING_DATABASE_URL", "mysql://127.0.0.1/scoring"),
        ("RAPPORT_EVENTS_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none"),
        ("RAPPORT_DATA_DIR", "50%/var"),
        ("RAPPORT_DATA_DIR", "what?/var"),
        ("RAPPORT_DEV_API_KEY", "two words"),
        ("RAPPORT_DEV_WRITE_KEY", "schlüssel"),
    ],
)
def test_a_bad_setting(tmp_path: Path, setting: str, value: str) -> None:
    assert_refused(run(tmp_path, **{setting: value}), setting)
