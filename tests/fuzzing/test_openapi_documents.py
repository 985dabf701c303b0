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

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

SEED = os.environ.get("RAPPORT_FUZZ_SEED", "20260101")
EXAMPLES = os.environ.get("RAPPORT_FUZZ_EXAMPLES", "10")
CONFIG = Path(__file__).with_name("schemathesis.toml")


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
