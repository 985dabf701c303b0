"""The examples of docs/privacy.md, run as they stand there against a suite of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.archive import rows_of
from tests.support.guides import blocks, run_examples
from tests.support.suite import Suite

EARLIER = """. var/dev.env
curl -fsS -u "$RAPPORT_DEV_WRITE_KEY:" -H 'Content-Type: application/json' $RAPPORT_EVENTS_URL/v1/page -d '{
  "anonymousId": "visitor", "messageId": "a-0", "name": "Home"}'
"""
"""Who comes from another page has sent something already."""
SETTINGS = {"RAPPORT_ARCHIVE_EVERY_S": "0.2"}


def example(archive: Path) -> str:
    """The Python block of the guide, with this suite's archive."""
    (text,) = blocks("docs/privacy.md", "python")
    assert "var/archive" in text
    return text.replace("var/archive", str(archive))


@pytest.mark.timeout(300)
def test_the_guides_customer_is_archived_and_then_erased(tmp_path: Path) -> None:
    with Suite(tmp_path / "suite", SETTINGS, services=("profile", "events")) as suite:
        said = run_examples("\n".join([EARLIER, *blocks("docs/privacy.md")]), suite, tmp_path)
        assert '"is_complete":true' in said
        assert '"archived":2' in said
        fetched = [pq.read_table(path) for path in tmp_path.glob("var/part-*.parquet")]
        assert sum(table.num_rows for table in fetched) == 4
        assert '"archived":2' in run_examples("\n".join(blocks("docs/privacy.md")), suite, tmp_path), "and once more"
        archive = suite.directory / "archive"
        assert {row["subject"] for row in rows_of(archive)} == {"anonymous_id:visitor", "user_id:mei-2"}
    read = subprocess.run([sys.executable, "-c", example(archive)], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert "order_currency" in read.stdout
