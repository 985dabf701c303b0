"""The examples of docs/tracking-plan.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

GUIDE = ROOT / "docs" / "tracking-plan.md"
USUAL = "http://127.0.0.1:8104"


def script(address: str) -> str:
    """Every shell block of the guide, with this suite's address and keys."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    text = "\n".join(blocks).replace(". var/dev.env\n", "")
    assert USUAL in text
    return text.replace(USUAL, address)


def recorded(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.get("/v1/touchpoints", params={"message_id": "web-1"})
    return list(answer.raise_for_status().json()["data"])


@pytest.mark.timeout(300)
def test_the_guides_wrong_order_ends_as_the_right_one(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_DEV_WRITE_KEY": WRITE_KEY, "RAPPORT_DEV_API_KEY": API_KEY}
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite.url("events")), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"replaying":1' in done.stdout
        suite.wait_for(lambda: bool(recorded(client)), "the replayed order", timeout_s=60)
        (order,) = recorded(client)
    assert (order["order"]["order_id"], order["order"]["amount_minor"]) == ("581587", 4250)
    assert (order["occurred_at"], order["message_id"]) == ("2026-04-05T17:31:00Z", "web-1")
