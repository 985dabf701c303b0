"""Scoring's history of tables leads to the tables in code, from nothing, on both databases."""

from services.scoring.bootstrap import MIGRATIONS, Wiring
from shared.sql.migrations import check, upgrade


def test_the_history_is_complete_and_can_be_run_again(wiring: Wiring) -> None:
    check(wiring.database, MIGRATIONS)
    upgrade(wiring.database, MIGRATIONS)
