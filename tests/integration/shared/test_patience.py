"""A worker that starts while its database or the bus is away waits for it, with every loop that it has."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shared.sql.database import Database
from shared.sql.migrations import upgrade
from tests.support.suite import ROOT

SERVICES = ("profile", "messaging", "scoring", "events")
NOBODY = "127.0.0.1:9"


def settings_of(service: str, folder: Path, **stated: Any) -> Any:
    module = importlib.import_module(f"services.{service}.settings")
    made = getattr(module, f"{service.capitalize()}Settings")
    own = {f"{service}_database_url": f"postgresql://nobody@{NOBODY}/none", "bus_url": str(folder / "bus")}
    return made(**{**own, "data_dir": folder, **stated})


@pytest.mark.parametrize("service", SERVICES)
def test_no_loop_gives_up_while_the_database_is_away(
    service: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loops = importlib.import_module(f"services.{service}.workers.loops").loops(settings_of(service, tmp_path))
    stop = threading.Event()
    with ThreadPoolExecutor(len(loops)) as pool:
        running = {name: pool.submit(loop, stop) for name, loop in loops.items()}
        stop.wait(1.5)
        stop.set()
    assert {name: one.exception() for name, one in running.items() if one.exception()} == {}
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_a_bus_that_is_away_is_told_without_an_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scoring.db"
    database = Database(url)
    upgrade(database, "services.scoring.migrations")
    database.dispose()
    own = {
        "RAPPORT_SCORING_DATABASE_URL": url,
        "RAPPORT_BUS_URL": f"kafka://{NOBODY}",
        "RAPPORT_DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "services.scoring", "worker"]
    with subprocess.Popen(command, env=os.environ | own, cwd=ROOT, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        said: list[dict[str, Any]] = []
        while [line["message"] for line in said].count("consumer waits") < len(("touchpoints", "profiles")):
            said.append(json.loads(worker.stderr.readline()))
        worker.terminate()
        said += map(json.loads, worker.stderr)
    assert [line for line in said if line["level"] == "error" or "exception" in line] == []
    assert all(line["reason"] for line in said if line["message"] == "consumer waits")
