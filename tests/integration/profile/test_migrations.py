from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from services.profile.adapters.sql.scores import SqlScores
from services.profile.adapters.sql.tables import scores, traits
from services.profile.bootstrap import MIGRATIONS, Wiring
from services.profile.domain.orders import OrderRecord, Placement, Purchases, Refund
from services.profile.domain.profile import Profile
from services.profile.domain.segments.reading import read_condition
from services.profile.domain.traits import Observation
from services.profile.settings import ProfileSettings
from shared.sql.migrations import check, upgrade


@pytest.fixture
def migrations() -> None:
    """None: each test begins with the schema that it names."""


def test_the_history_makes_the_tables_that_the_code_expects(wiring: Wiring) -> None:
    upgrade(wiring.database, MIGRATIONS)
    check(wiring.database, MIGRATIONS)


def test_upgrading_again_changes_nothing(wiring: Wiring) -> None:
    upgrade(wiring.database, MIGRATIONS)
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


def test_texts_of_before_are_compared_as_new_ones_are(settings: ProfileSettings) -> None:
    made = Wiring(settings)
    upgrade(made.database, MIGRATIONS, revision="c1f83b6d2e07")
    at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    known = {"email": "Jane@Example.com", "city": "Orle\u0301ans", "seen": ["Orle\u0301ans"], "age": 7}
    with made.writing() as (session, work):
        work.profiles.save([Profile(profile_id="p", version=1, created_at=at, changed_at=at)])
        work.traits.save({"p": {key: Observation(key, value, "s", "t", at, at) for key, value in known.items()}})
        for key in ("email", "city"):
            session.execute(update(traits).where(traits.c.key == key).values(text=known[key]))
        listed = "\x1fsOrle\u0301ans\x1f"
        session.execute(update(traits).where(traits.c.key == "seen").values(items=listed))
    upgrade(made.database, MIGRATIONS)
    asked = [
        {"key": "email", "operator": "equals", "value": "jane@example.com"},
        {"key": "city", "operator": "equals", "value": "Orl\u00e9ans"},
        {"key": "seen", "operator": "contains", "value": "Orl\u00e9ans"},
        {"key": "age", "operator": "equals", "value": 7},
    ]
    with made.writing() as (_, work):
        for each in asked:
            assert work.segments.matching(read_condition({"type": "trait", **each}), at) == {"p"}, each
        assert work.traits.current(["p"])["p"]["email"].value == "Jane@Example.com"
    made.database.dispose()


def test_refunds_of_before_count_each_in_its_currency(settings: ProfileSettings) -> None:
    made = Wiring(settings)
    upgrade(made.database, MIGRATIONS, revision="b92d4e7a1c36")
    at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    refunds = {"r1": Refund(at, "EUR", 300), "r2": Refund(at + timedelta(days=1), "GBP", 200)}
    kept = Purchases(orders=1, refunds=2, spent_minor={"EUR": -300, "GBP": 900})
    with made.writing() as (_, work):
        work.profiles.save([Profile(profile_id="p", version=1, created_at=at, changed_at=at, purchases=kept)])
        placed = OrderRecord("o1", at, Placement(at, "t", "GBP", 900))
        work.orders.save({("p", "o1"): placed, ("p", "o2"): OrderRecord("o2", refunds=refunds)})
    upgrade(made.database, MIGRATIONS)
    with made.writing() as (_, work):
        assert work.profiles.get(["p"])["p"].purchases.spent_minor == {"EUR": -300, "GBP": 700}
        assert work.orders.totals(["p"])["p"].spent_minor == {"EUR": -300, "GBP": 700}
        spent = {"type": "purchases", "measure": "spent", "operator": "equals", "value": 700, "currency": "GBP"}
        assert work.segments.matching(read_condition(spent), at) == {"p"}
    made.database.dispose()
