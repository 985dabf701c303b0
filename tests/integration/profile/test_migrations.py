from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert

from services.profile.adapters.sql.scores import SqlScores
from services.profile.adapters.sql.tables import scores
from services.profile.bootstrap import MIGRATIONS, Wiring
from services.profile.settings import ProfileSettings
from shared.sql.migrations import check, upgrade


def test_the_history_makes_the_tables_that_the_code_expects(wiring: Wiring) -> None:
    check(wiring.database, MIGRATIONS)


def test_upgrading_again_changes_nothing(wiring: Wiring) -> None:
    upgrade(wiring.database, MIGRATIONS)
    check(wiring.database, MIGRATIONS)


def test_scores_of_before_look_at_the_moment_when_they_were_computed(settings: ProfileSettings) -> None:
    made = Wiring(settings)
    upgrade(made.database, MIGRATIONS, revision="c3e1b07d5a18")
    at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    row = {"profile_id": "p", "model": "rfm", "value": 5.0, "values": {}, "computed_at": at}
    with made.database.transaction() as session:
        session.execute(insert(scores).values(row))
    upgrade(made.database, MIGRATIONS)
    with made.database.reading() as session:
        assert SqlScores(session).of(["p"])["p", "rfm"].as_of == at
    made.database.dispose()
