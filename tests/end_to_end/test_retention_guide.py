"""The examples of docs/retention.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.guides import blocks, run_examples
from tests.support.suite import WRITE_KEY, Suite


@pytest.mark.timeout(300)
def test_the_guides_rules_remove_what_they_say(tmp_path: Path) -> None:
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
        said = run_examples("\n".join(blocks("docs/retention.md")), suite, tmp_path)
        assert '{"due":1,"rules":' in said
        assert '"days":120,"version":2' in said
        suite.wait_for(lambda: client.get("/v1/summary").json()["removed"] == {"page": 1}, "the old page is removed")
        left = {one["message_id"] for one in client.get("/v1/touchpoints").json()["data"]}
    assert left == {"page-10", "track-10", "track-200"}
