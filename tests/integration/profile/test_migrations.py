from __future__ import annotations

from services.profile.bootstrap import MIGRATIONS, Wiring
from shared.sql.migrations import check, upgrade


def test_the_history_makes_the_tables_that_the_code_expects(wiring: Wiring) -> None:
    check(wiring.database, MIGRATIONS)


def test_upgrading_again_changes_nothing(wiring: Wiring) -> None:
    upgrade(wiring.database, MIGRATIONS)
    check(wiring.database, MIGRATIONS)
