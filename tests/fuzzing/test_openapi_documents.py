"""Schemathesis on every service: examples, coverage, fuzzing and stateful phases, good and bad data, every check.

No server error, and no answer or acceptance that the document does not declare. `RAPPORT_FUZZ_SEED` and
`RAPPORT_FUZZ_EXAMPLES` vary and widen a run; both are printed with a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing.hostile import routes_with_body
from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

SEED = os.environ.get("RAPPORT_FUZZ_SEED", "20260101")
EXAMPLES = os.environ.get("RAPPORT_FUZZ_EXAMPLES", "5")
CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_what_an_example_makes_is_where_the_answer_says(api: Suite) -> None:
    (service,) = api.services
    with api.client(service) as client:
        routes = routes_with_body(client.get("/openapi.json").json())
        made = [client.post(route.path, json=route.example) for route in routes if route.method == "POST"]
        placed = [answer for answer in made if "location" in answer.headers]
        assert placed
        assert [str(answer.url) for answer in made if answer.status_code == 201 and answer not in placed] == []
        for answer in placed:
            found, known_by = client.get(answer.headers["location"]), "id" if "id" in answer.json() else "name"
            assert found.json()[known_by] == answer.json()[known_by], found.text


@pytest.mark.timeout(600)
def test_the_service_keeps_to_its_document(api: Suite) -> None:
    (service,) = api.services
    command = [
        Path(sys.executable).with_name("schemathesis"), "--no-color", "--config-file", CONFIG,
        "run", f"{api.url(service)}/openapi.json", "--seed", SEED, "--max-examples", EXAMPLES,
    ]  # fmt: skip
    environment = os.environ | {
        "RAPPORT_DEV_API_KEY": API_KEY,
        "RAPPORT_DEV_WRITE_KEY": WRITE_KEY,
        "PYTHONPATH": str(ROOT),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(api.directory / "hypothesis"),
    }
    done = subprocess.run(
        command, env=environment, cwd=api.directory, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        told = f"{service}, seed {SEED}, {EXAMPLES} examples:\n{done.stdout[-20_000:]}{done.stderr}"
        pytest.fail(told, pytrace=False)
