"""The examples of docs/retention.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

GUIDE = ROOT / "docs" / "retention.md"
USUAL = "http://127.0.0.1:8104"


def script(address: str) -> str:
    """Every shell block of the guide, with this suite's address and keys."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    text = "\n".join(blocks).replace(". var/dev.env\n", "")
    assert USUAL in text
    return text.replace(USUAL, address)


@pytest.mark.timeout(300)
def test_the_guides_rules_remove_what_they_say(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_DEV_WRITE_KEY": WRITE_KEY, "RAPPORT_DEV_API_KEY": API_KEY}
    (tmp_path / "var").mkdir()
    settings = {"RAPPORT_RETENTION_EVERY_S": "0.5"}
    with Suite(tmp_path / "suite", settings, services=("events",)) as suite, suite.client("events") as client:
        calls = [
            {"type": kind, "event": "Order Completed", "userId": "u", "messageId": f"{kind}-{days}",
             "timestamp": (datetime.now(UTC) - timedelta(days=days)).isoformat()}
            for kind in ("page", "track") for days in (10, 200)
        ]  # fmt: skip
        sent = client.post("/v1/batch", json={"batch": calls}, auth=(WRITE_KEY, ""))
        assert sent.status_code == 200
        suite.wait_for(lambda: client.get("/v1/summary").json()["touchpoints"] == 4, "four touchpoints")
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite.url("events")), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert '{"due":1,"rules":' in done.stdout
        assert '"days":120,"version":2' in done.stdout
        suite.wait_for(lambda: client.get("/v1/summary").json()["removed"] == {"page": 1}, "the old page is removed")
        left = {one["message_id"] for one in client.get("/v1/touchpoints").json()["data"]}
    assert left == {"page-10", "track-10", "track-200"}
