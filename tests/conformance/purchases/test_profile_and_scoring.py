"""Profile and scoring read the same touchpoints apart from each other, and say the same of what a customer bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
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
from shared.contracts.events import Order, TouchpointRecordedV1
from shared.ids import new_id
from shared.sql.database import Database
from tests.support.databases import sqlite_database

START = datetime(2026, 1, 1, tzinfo=UTC)
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


def said(
    status: str, amount: int | None, currency: str, *, order_id: str = "o1", hours: int = 0
) -> TouchpointRecordedV1:
    """What one touchpoint says of an order of u's."""
    at = START + timedelta(hours=hours)
    if amount is None and status in ("refunded", "cancelled") and currency == CURRENCIES[0]:
        currency = ""  # the whole order is given back without naming one
    return TouchpointRecordedV1(
        touchpoint_id=new_id(),
        message_id=new_id(),
        source_id="shop",
        kind="track",
        subject="user_id:u",
        user_id="u",
        occurred_at=at,
        received_at=at,
        order=Order(order_id=order_id, status=status, currency=currency, amount_minor=amount),  # type: ignore[arg-type]
    )


statements = st.builds(
    said,
    st.sampled_from(["completed", "updated", "refunded", "refunded", "cancelled"]),
    st.none() | st.integers(0, 900),
    st.sampled_from(CURRENCIES),
    order_id=st.sampled_from(["o1", "o2", "o3"]),
    hours=st.integers(0, 5),
)


def test_refunds_of_an_order_that_nobody_told_of_count_each_in_its_currency(both: Pair) -> None:
    tell(both, [said("refunded", 300, "EUR"), said("refunded", 200, "GBP", hours=1), said("refunded", 50, "GBP")])
    purchases, account = known(both)
    assert purchases.spent_minor == {"EUR": -300, "GBP": -250}
    assert (account.net_minor("EUR"), account.net_minor("GBP")) == (-300, -250)


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
