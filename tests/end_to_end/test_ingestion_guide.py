"""The examples of docs/ingestion.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

GUIDE = ROOT / "docs" / "ingestion.md"
USUAL = "http://127.0.0.1:8104"


def script(address: str) -> str:
    """Every shell block of the guide, with this suite's address and keys."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    text = "\n".join(blocks).replace(". var/dev.env\n", "")
    assert USUAL in text
    return text.replace(USUAL, address)


def recorded(client: httpx.Client, subject: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/touchpoints", params={"subject": subject, "limit": 200})
    return list(answer.raise_for_status().json()["data"])


@pytest.mark.timeout(300)
def test_every_example_arrives_once_in_the_timeline(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    environment = os.environ | {"RAPPORT_DEV_WRITE_KEY": WRITE_KEY, "RAPPORT_DEV_API_KEY": API_KEY}
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite.url("events")), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        answers = [json.loads(line) for line in re.sub(r"}\s*{", "}\n{", done.stdout).splitlines()]
        assert [one.get("success", one.get("name")) for one in answers] == [True, True, True, True, "shop", True]
        suite.wait_for(lambda: len(recorded(client, "user_id:17850")) >= 5, "five touchpoints", timeout_s=60)
        found = {one["message_id"]: one for one in recorded(client, "user_id:17850")}
    orders = {
        key: (one["order"]["order_id"], one["order"]["amount_minor"]) for key, one in found.items() if "order" in one
    }
    assert orders == {"till-7-000123": ("581587", 4250), "/till/7 A1": ("581588", 1000), "e-1": ("1001", 1999)}
    assert found["/call-centre A2"]["channel"] == "phone"
    assert found["/crm A3"]["traits"] == {"email": "chen@example.com"}
    assert found["e-1"]["order"]["lines"][0]["name"] == "Tea"
    assert len(found) == 5
