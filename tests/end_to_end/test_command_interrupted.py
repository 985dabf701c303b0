"""`rapport import` broken off by whoever waits, and the API away in the middle: a line, and nothing lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.suite import API_KEY, ROOT, Suite

COMMAND = Path(sys.executable).with_name("rapport")
MAPPING = {"event": "Visited", "user_id": "/member", "message_id": ["/no"], "timestamp": "/at"}
ROWS = 300

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    with Suite(tmp_path / "suite", services=("events",)) as running, running.client("events") as client:
        client.post("/v1/import-mappings", json={"name": "visits", "mapping": MAPPING}).raise_for_status()
        rows = (f"{no},M{no % 7},2026-04-05" for no in range(ROWS))
        (tmp_path / "visits.csv").write_text("\n".join(["no,member,at", *rows]))
        yield running


def begun(suite: Suite, folder: Path) -> psutil.Popen:
    stated = {"RAPPORT_EVENTS_URL": suite.url("events"), "RAPPORT_API_KEY": API_KEY, "PYTHONPATH": str(ROOT)}
    arguments = [str(COMMAND), "import", "visits.csv", "-m", "visits", "--json"]
    return psutil.Popen(arguments, cwd=folder, env=os.environ | stated, stdout=-1, stderr=-1, text=True)


def ended(command: psutil.Popen) -> tuple[int, str, str]:
    out, told = command.communicate(timeout=60)
    return command.returncode, out, told


def imports(suite: Suite) -> list[dict[str, Any]]:
    with suite.client("events") as client:
        return list(client.get("/v1/imports").raise_for_status().json()["data"])


def wait_until_it_sends(suite: Suite, command: psutil.Popen) -> None:
    """Until the command has a connection to the API, which is stopped and answers nothing."""
    suite.wait_for(lambda: any(each.status == "ESTABLISHED" for each in command.net_connections()), "it sends")


def wait_until_it_waits(suite: Suite) -> str:
    """The import's id, once the command has asked how far it is."""
    suite.wait_for(lambda: bool(imports(suite)), "the import is queued")
    (job,) = imports(suite)
    suite.wait_for(lambda: f"/v1/imports/{job['id']}" in suite.log("events-api"), "the command looks")
    return str(job["id"])


def check_that_all_is_there_once(suite: Suite, folder: Path, *, new: int) -> None:
    code, out, told = ended(begun(suite, folder))
    assert code == 0, told
    job = json.loads(out)
    assert (job["touchpoints"], job["known"]) == (new, ROWS - new)


def test_broken_off_while_it_sends(suite: Suite, tmp_path: Path) -> None:
    suite.pause("events-api")
    command = begun(suite, tmp_path)
    wait_until_it_sends(suite, command)
    command.send_signal(signal.SIGINT)
    assert ended(command) == (130, "", "rapport: visits.csv was not sent to its end; nothing of it is imported\n")
    suite.resume("events-api")
    assert imports(suite) == []
    check_that_all_is_there_once(suite, tmp_path, new=ROWS)


def test_the_api_goes_away_while_a_file_is_sent(suite: Suite, tmp_path: Path) -> None:
    suite.pause("events-api")
    command = begun(suite, tmp_path)
    wait_until_it_sends(suite, command)
    suite.kill("events-api")
    code, _, told = ended(command)
    assert (code, told.count("\n")) == (3, 1)
    assert "does not answer" in told
    suite.start("events-api")
    suite.wait_until_ready()
    assert imports(suite) == []
    check_that_all_is_there_once(suite, tmp_path, new=ROWS)


def test_broken_off_while_it_waits(suite: Suite, tmp_path: Path) -> None:
    suite.kill("events-worker")
    command = begun(suite, tmp_path)
    suite.wait_for(lambda: bool(imports(suite)), "the import is queued")
    command.send_signal(signal.SIGINT)
    (job,) = imports(suite)
    assert ended(command) == (
        130,
        "",
        f"rapport: the import goes on; end it with: rapport imports cancel {job['id']}\n",
    )
    suite.start("events-worker")
    check_that_all_is_there_once(suite, tmp_path, new=0)


def test_the_api_goes_away_while_the_command_waits(suite: Suite, tmp_path: Path) -> None:
    suite.kill("events-worker")
    command = begun(suite, tmp_path)
    job_id = wait_until_it_waits(suite)
    suite.kill("events-api")
    code, _, told = ended(command)
    assert (code, told.count("\n")) == (3, 1)
    assert told.endswith(f"; the import goes on; look at it with: rapport imports show {job_id}\n")
    for name in ("events-api", "events-worker"):
        suite.start(name)
    suite.wait_until_ready()
    check_that_all_is_there_once(suite, tmp_path, new=0)
