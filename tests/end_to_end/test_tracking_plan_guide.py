"""The examples of docs/tracking-plan.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.guides import blocks, run_examples
from tests.support.suite import Suite


def recorded(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.get("/v1/touchpoints", params={"subject": "user_id:17850"})
    return [each for each in answer.raise_for_status().json()["data"] if each["name"] == "Order Completed"]


@pytest.mark.timeout(300)
def test_the_guides_wrong_order_ends_as_the_right_one(tmp_path: Path) -> None:
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        said = run_examples("\n".join(blocks("docs/tracking-plan.md")), suite, tmp_path)
        assert '"replaying":1' in said
        suite.wait_for(lambda: bool(recorded(client)), "the replayed order", timeout_s=60)
        (order,) = recorded(client)
        assert '"replaying":1' in run_examples("\n".join(blocks("docs/tracking-plan.md")), suite, tmp_path), "once more"
    assert (order["order"]["order_id"], order["order"]["amount_minor"]) == ("581587", 4250)
    assert order["occurred_at"] == "2026-04-05T17:31:00Z"
