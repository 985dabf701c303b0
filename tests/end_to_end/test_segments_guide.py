"""The examples of docs/segments.md, run as they stand there: each finds as many as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.guides import blocks, run_examples
from tests.support.suite import Suite


@pytest.mark.timeout(300)
def test_every_example_finds_as_many_as_the_guide_says(tmp_path: Path) -> None:
    script = "\n".join(blocks("docs/segments.md"))
    with Suite(tmp_path / "suite", services=("profile", "scoring", "events")) as suite:
        written = run_examples(script, suite, tmp_path)
    said = re.findall(r"' +# (\d+)$", script, re.MULTILINE)
    found = [line for line in written.splitlines() if line.isdigit()]
    assert found == said, written
    assert "did you mean equals? there are equals, not_equals" in written
