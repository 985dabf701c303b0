"""The rooms keep their doors: the contracts in pyproject.toml hold, and every service is covered by them."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.suite import ROOT, SERVICES

ROOMS = {"domain", "use_cases", "adapters", "api", "workers"}


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"}
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_process_starts_without_what_only_some_work_needs() -> None:
    started = ("services.scoring.api.app", "services.scoring.workers.loops", "services.events.workers.loops")
    code = f"import sys, {', '.join(started)}; print({{'fastapi', 'psycopg', 'scipy'}} & {{*sys.modules}})"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "{'fastapi'}\n", "SciPy is for score runs, psycopg for PostgreSQL"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms_under_the_contracts(service: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    rooms = {path.name for path in (ROOT / "services" / service).iterdir() if (path / "__init__.py").exists()}
    assert f"services.{service}" in layers["containers"]
    assert rooms - {"migrations", "wiring"} == ROOMS


@pytest.mark.parametrize("service", SERVICES)
def test_one_composition_root_and_one_settings_class(service: str) -> None:
    house = ROOT / "services" / service
    assert all((house / file).is_file() for file in ("bootstrap.py", "settings.py", "__main__.py"))
    reads_environment = [
        str(file.relative_to(ROOT))
        for file in house.rglob("*.py")
        if any(word in file.read_text() for word in ("os.environ", "getenv(", "BaseSettings"))
    ]
    assert reads_environment == []
