"""The examples of docs/segments.md, run as they stand there: each finds as many as the page says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

GUIDE = ROOT / "docs" / "segments.md"
PORTS = {"profile": 8101, "scoring": 8103, "events": 8104}


def blocks() -> str:
    return "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))


def script(suite: Suite) -> str:
    """Every shell block of the guide, with this suite's addresses and keys."""
    text = blocks().replace(". var/dev.env\n", "")
    for service, port in PORTS.items():
        usual = f"http://127.0.0.1:{port}"
        assert usual in text
        text = text.replace(usual, suite.url(service))
    return text


@pytest.mark.timeout(300)
def test_every_example_finds_as_many_as_the_guide_says(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_DEV_WRITE_KEY": WRITE_KEY, "RAPPORT_DEV_API_KEY": API_KEY}
    with Suite(tmp_path / "suite", services=tuple(PORTS)) as suite:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.findall(r"' +# (\d+)$", blocks(), re.MULTILINE)
    found = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert found == said, done.stdout
    assert "did you mean equals? there are equals, not_equals" in done.stdout
