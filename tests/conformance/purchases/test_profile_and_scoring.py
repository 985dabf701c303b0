"""Profile and scoring read the same touchpoints apart from each other, and say the same of what a customer bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, delete

from services.profile.adapters.sql.profile_reading import ProfileReading
from services.profile.adapters.sql.summary import summarise
from services.profile.adapters.sql.tables import metadata as profile_tables
from services.profile.bootstrap import MIGRATIONS as PROFILE_MIGRATIONS
from services.profile.bootstrap import Wiring as ProfileWiring
from services.profile.domain.identifiers import USER_ID, Identifier
from services.profile.domain.orders import Purchases
from services.profile.settings import ProfileSettings
from services.scoring.adapters.sql.customers import read_customers
from services.scoring.adapters.sql.tables import metadata as scoring_tables
from services.scoring.bootstrap import MIGRATIONS as SCORING_MIGRATIONS
from services.scoring.bootstrap import Wiring as ScoringWiring
from services.scoring.domain.orders import Account
from services.scoring.settings import ScoringSettings
from shared.contracts.events import OrderStatus, TouchpointRecordedV1
from shared.sql.database import Database
from tests.support.databases import sqlite_database

from .order_cases import said

CURRENCIES = ("EUR", "GBP", "TWD")
Pair = tuple[ProfileWiring, ScoringWiring]


@pytest.fixture
def migrations() -> str:
    return PROFILE_MIGRATIONS


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[Pair]:
    profile = ProfileWiring(ProfileSettings(profile_database_url=database_url, data_dir=tmp_path))
    url = sqlite_database(tmp_path / "scoring.db", SCORING_MIGRATIONS)
    scoring = ScoringWiring(ScoringSettings(scoring_database_url=url, data_dir=tmp_path))
    yield profile, scoring
    profile.database.dispose()
    scoring.database.dispose()


def anything(status: OrderStatus, amount: int | None, currency: str, order_id: str, hour: int) -> TouchpointRecordedV1:
    whole = amount is None and status in ("refunded", "cancelled")
    currency = "" if whole and currency == CURRENCIES[0] else currency  # all is given back without naming one
    return said(status, amount, currency, order_id=order_id, hour=hour)


statements = st.builds(
    anything,
    st.sampled_from(["completed", "updated", "refunded", "refunded", "cancelled"]),
    st.none() | st.integers(0, 900),
    st.sampled_from(CURRENCIES),
    st.sampled_from(["o1", "o2", "o3"]),
    st.integers(0, 5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(statements, min_size=1, max_size=9))
def test_both_count_the_same_orders_refunds_and_money(both: Pair, history: list[TouchpointRecordedV1]) -> None:
    tell(both, history)
    purchases, account = known(both)
    assert purchases.orders == len(account.purchases)
    assert purchases.refunds == account.refunds
    assert {code: purchases.spent_minor.get(code, 0) for code in CURRENCIES} == {
        code: account.net_minor(code) for code in CURRENCIES
    }
    if account.purchases:
        last = account.purchases[-1]
        assert (purchases.last_order_id, purchases.last_order_at) == (last.order_id, last.placed_at)
        assert (purchases.last_order_amount_minor, purchases.last_order_currency) == (last.gross_minor, last.currency)
        assert purchases.first_order_at == account.purchases[0].placed_at
    with both[0].database.reading() as session:
        totals = summarise(session)["orders"]["spent_minor"]
    assert {code: amount for code, amount in totals.items() if amount} == {
        code: amount for code, amount in purchases.spent_minor.items() if amount
    }
    clear(both[0].database, profile_tables)
    clear(both[1].database, scoring_tables)


def tell(both: Pair, history: Sequence[TouchpointRecordedV1]) -> None:
    profile, scoring = both
    with profile.database.transaction() as session:
        profile.handle_touchpoints(session, history)
    with scoring.database.transaction() as session:
        scoring.record(session, history)


def known(both: Pair) -> tuple[Purchases, Account]:
    """What each knows of u."""
    profile, scoring = both
    with profile.database.reading() as session:
        purchases = ProfileReading(session).known_as(Identifier(USER_ID, "u")).profile.purchases
    with scoring.database.reading() as session:
        (customer,) = read_customers(session)
    return purchases, customer.account


def clear(database: Database, tables: MetaData) -> None:
    with database.transaction() as session:
        for table in tables.sorted_tables:
            session.execute(delete(table))
