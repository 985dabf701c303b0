"""Scoring's history of tables leads to the tables in code, from nothing, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from services.scoring.adapters.sql.tables import score_runs
from services.scoring.bootstrap import MIGRATIONS, Wiring
from services.scoring.settings import ScoringSettings
from shared.sql.migrations import check, upgrade
from tests.integration.scoring.conftest import NOW


@pytest.fixture
def migrations() -> None:
    """None: each test begins with the schema that it names."""


def test_the_history_is_complete_and_can_be_run_again(wiring: Wiring) -> None:
    upgrade(wiring.database, MIGRATIONS)
    check(wiring.database, MIGRATIONS)
    upgrade(wiring.database, MIGRATIONS)


def test_runs_of_0003_are_sorted_by_the_moment_in_their_settings(database_url: str, tmp_path: Path) -> None:
    made = Wiring(ScoringSettings(data_dir=tmp_path, scoring_database_url=database_url, bus_url=str(tmp_path / "bus")))
    upgrade(made.database, MIGRATIONS, revision="0003")
    with made.database.transaction() as session:
        for run_id, as_of in (("r1", "2024-06-01T12:00:00Z"), ("r2", "2011-12-10T00:00:00.5+00:00")):
            values = {
                "id": run_id,
                "state": "succeeded",
                "trigger": "request",
                "settings": {"models": ["rfm"], "as_of": as_of},
                "created_at": NOW,
                **dict.fromkeys(("attempt", "failures", "staged", "published"), 1),
            }
            session.execute(insert(score_runs).values(values))
    upgrade(made.database, MIGRATIONS)
    with made.database.reading() as session:
        found = session.execute(select(score_runs.c.id, score_runs.c.as_of).order_by(score_runs.c.as_of)).all()
    assert [each.id for each in found] == ["r2", "r1"]
    assert found[1].as_of == NOW
    made.database.dispose()
