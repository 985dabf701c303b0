"""A process that starts can tell whether the schema it needs is there."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from shared.sql.database import Database
from shared.sql.migrations import is_applied, upgrade

ENVIRONMENT = """
from alembic import context
from sqlalchemy import MetaData
from shared.sql.migrations import run_environment
run_environment(context, MetaData())
"""
REVISION = """
revision, down_revision = {name!r}, {after!r}
def upgrade(): pass
def downgrade(): pass
"""


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Alembic history with the revisions `one` and `two`, as a package of its own name."""
    package = tmp_path / f"history_{uuid.uuid4().hex}"
    (package / "versions").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "env.py").write_text(ENVIRONMENT)
    (package / "versions" / "one.py").write_text(REVISION.format(name="one", after=None))
    (package / "versions" / "two.py").write_text(REVISION.format(name="two", after="one"))
    monkeypatch.syspath_prepend(tmp_path)
    return package


def test_a_schema_that_is_empty_or_older_is_not_enough(database: Database, history: Path) -> None:
    assert not is_applied(database, history.name)
    upgrade(database, history.name, revision="one")
    assert not is_applied(database, history.name)
    upgrade(database, history.name)
    assert is_applied(database, history.name)


def test_a_later_versions_schema_is_enough_so_that_a_rollback_can_start(database: Database, history: Path) -> None:
    upgrade(database, history.name)
    (history / "versions" / "two.py").unlink()
    assert is_applied(database, history.name)
