"""The examples of docs/privacy.md, run as they stand there against a suite of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.archive import rows_of
from tests.support.suite import API_KEY, ROOT, WRITE_KEY, Suite

GUIDE = (ROOT / "docs" / "privacy.md").read_text("utf-8")
SETTINGS = {"RAPPORT_ARCHIVE_EVERY_S": "0.2"}


def script(suite: Suite) -> str:
    """Every shell block of the guide, with this suite's addresses and keys."""
    text = "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)).replace(". var/dev.env\n", "")
    for service, usual in (("profile", "http://127.0.0.1:8101"), ("events", "http://127.0.0.1:8104")):
        assert usual in text
        text = text.replace(usual, suite.url(service))
    return text


def example(archive: Path) -> str:
    """The Python block of the guide, with this suite's archive."""
    (text,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert "var/archive" in text
    return text.replace("var/archive", str(archive))


@pytest.mark.timeout(300)
def test_the_guides_customer_is_archived_and_then_erased(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_DEV_WRITE_KEY": WRITE_KEY, "RAPPORT_DEV_API_KEY": API_KEY}
    with Suite(tmp_path / "suite", SETTINGS, services=("profile", "events")) as suite:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"], input=script(suite), env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"is_complete":true' in done.stdout
        assert '"archived":2' in done.stdout
        archive = suite.directory / "archive"
        assert [row["message_id"] for row in rows_of(archive)] == ["a-3"]
    fetched = [pq.read_table(path) for path in tmp_path.glob("part-*.parquet")]
    assert sum(table.num_rows for table in fetched) == 3
    read = subprocess.run([sys.executable, "-c", example(archive)], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert "order_currency" in read.stdout
