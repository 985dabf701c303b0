"""The examples of docs/ingestion.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.guides import blocks, run_examples
from tests.support.suite import Suite


def recorded(client: httpx.Client, subject: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/touchpoints", params={"subject": subject, "limit": 200})
    return list(answer.raise_for_status().json()["data"])


@pytest.mark.timeout(300)
def test_every_example_arrives_once_in_the_timeline(tmp_path: Path) -> None:
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        said = run_examples("\n".join(blocks("docs/ingestion.md")), suite, tmp_path)
        answers = [json.loads(line) for line in re.sub(r"}\s*{", "}\n{", said).splitlines()]
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
