"""The examples of docs/imports.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.suite import API_KEY, ROOT, Suite

GUIDE = ROOT / "docs" / "imports.md"
USUAL = "http://127.0.0.1:8104"


def script(address: str) -> str:
    """Every shell block of the guide, with this suite's address and keys."""
    text = "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))
    assert USUAL in text
    return text.replace(". var/dev.env\n", "").replace(USUAL, address)


@pytest.mark.timeout(300)
def test_every_example_works_and_makes_each_order_once(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"RAPPORT_DEV_API_KEY": API_KEY, "PATH": path}
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite.url("events")), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "row 6, column quantity: 'one' is no whole number" in done.stdout
        assert "3 accepted, 1 refused, 1 passed over; 2 new touchpoints" in done.stdout
        assert "1 accepted, 0 refused, 0 passed over; 1 new touchpoints" in done.stdout
        assert '"known":2' in done.stdout.replace(" ", "")
        suite.wait_for(lambda: client.get("/v1/summary").json()["touchpoints"] >= 3, "three orders")
        summary = client.get("/v1/summary").json()
    assert (summary["touchpoints"], summary["duplicates"], summary["orders"]) == (3, 0, {"completed": 3})
