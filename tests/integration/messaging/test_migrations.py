from __future__ import annotations

from services.messaging.bootstrap import MIGRATIONS
from shared.sql.migrations import check
from tests.integration.messaging.scenes import Shop


def test_the_history_makes_the_tables_that_the_code_expects(shop: Shop) -> None:
    check(shop.wiring.database, MIGRATIONS)
