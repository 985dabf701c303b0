"""The examples of docs/imports.md, run as they stand there against an API and a worker of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import blocks, run_examples
from tests.support.suite import Suite


@pytest.mark.timeout(300)
def test_every_example_works_and_makes_each_order_once(tmp_path: Path) -> None:
    with Suite(tmp_path / "suite", services=("events",)) as suite, suite.client("events") as client:
        said = run_examples("\n".join(blocks("docs/imports.md")), suite, tmp_path)
        assert "row 6, column quantity: 'one' is no whole number" in said
        assert "3 accepted, 1 refused, 1 passed over; 2 new touchpoints" in said
        assert "1 accepted, 0 refused, 0 passed over; 1 new touchpoints" in said
        assert '"known":2' in said.replace(" ", "")
        suite.wait_for(lambda: client.get("/v1/summary").json()["touchpoints"] >= 3, "three orders")
        summary = client.get("/v1/summary").json()
    assert (summary["touchpoints"], summary["duplicates"], summary["orders"]) == (3, 0, {"completed": 3})
