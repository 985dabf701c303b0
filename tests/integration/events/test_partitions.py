"""Partitions are made ahead without a gap and without holding anybody up, and days are dropped behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from services.events.adapters.sql.retention.partitions import MONTHS_AHEAD, Partitions, partitions_of
from services.events.adapters.sql.seen.opening import seen_messages_on
from services.events.adapters.sql.stored_touchpoints import one_touchpoint
from services.events.adapters.sql.tables import seen_messages, touchpoints
from services.events.adapters.sql.touchpoints import SqlTouchpoints
from services.events.bootstrap import MIGRATIONS
from shared.erased_names import ErasedNames, NameHash
from shared.sql.database import Database
from shared.sql.migrations import check
from tests.integration.events.store import draft, keep, touchpoint

NOW = datetime.now(UTC)
pytestmark = pytest.mark.services


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database(postgres_url)
    yield made
    made.dispose()


def names(database: Database, table: str) -> list[str]:
    with database.reading() as session:
        return partitions_of(session, table)


def test_months_follow_each_other_however_long_nobody_looked(database: Database) -> None:
    later = NOW + timedelta(days=300)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda _: Partitions(database).make_ahead(later), range(2)))
    months = names(database, "touchpoints")[:-1]
    numbers = [int(name[-7:-3]) * 12 + int(name[-2:]) for name in months]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[-1] == later.year * 12 + later.month + MONTHS_AHEAD
    assert Partitions(database).make_ahead(later) == []
    keep(database, [touchpoint(NOW + timedelta(days=days)) for days in range(-1000, 301, 20)])
    check(database, MIGRATIONS)


def test_a_writer_is_not_waited_for_and_does_not_wait(database: Database) -> None:
    Partitions(database).make_ahead(NOW)
    now = draft(touchpoint(NOW), database)
    with database.transaction() as writing:
        recording = SqlTouchpoints(writing, seen_messages_on(database.dialect))
        recording.known({now.seen.bucket: {now.seen.hash}})
        recording.add([now])
        made = Partitions(database).make_ahead(NOW + timedelta(days=40))
    assert {name.rpartition("_20")[0] for name in made} == {"touchpoints", "seen_messages"}


def test_making_partitions_does_not_wait_for_who_looks_for_erased_names(database: Database) -> None:
    with database.transaction() as looking:
        ErasedNames(looking, NameHash("a secret of thirty-two characters")).latest()
        assert Partitions(database).make_ahead(NOW) != []


def test_what_cannot_be_had_at_once_is_left_for_the_next_time(database: Database) -> None:
    partitions = Partitions(database)
    partitions.make_ahead(NOW)
    later = (NOW + timedelta(days=30)).toordinal()
    before = names(database, "seen_messages")
    with database.reading() as reading:
        reading.execute(select(func.count()).select_from(seen_messages)).all()
        with pytest.raises(OperationalError) as refused:
            partitions.forget_days(later)
    assert isinstance(refused.value.orig, LockNotAvailable)
    assert names(database, "seen_messages") == before
    assert partitions.forget_days(later) == before[:-1]
    assert names(database, "seen_messages") == ["seen_messages_stray"]


def test_a_call_of_a_day_long_gone_finds_a_place_and_is_forgotten_again(database: Database) -> None:
    partitions = Partitions(database)
    partitions.make_ahead(NOW)
    keep(database, [touchpoint(NOW - timedelta(days=50), recorded=NOW - timedelta(days=50)), touchpoint(NOW)])
    partitions.forget_days(NOW.toordinal())
    seen_messages_on(database.dialect).forget(database, today=NOW.toordinal())
    with database.reading() as session:
        assert session.scalars(select(seen_messages.c.bucket)).all() == [NOW.toordinal()]
    later = NOW + timedelta(days=60)  # nobody made days for weeks: the strays keep their day until it is forgotten
    keep(database, [touchpoint(later)])
    assert f"seen_messages_{later:%Y_%m_%d}" not in partitions.make_ahead(later)
    keep(database, [touchpoint(later)])


def test_one_touchpoint_is_looked_for_in_one_partition(database: Database) -> None:
    Partitions(database).make_ahead(NOW)
    kept = touchpoint(NOW)
    keep(database, [kept])
    with database.reading() as session:
        assert one_touchpoint(session, kept.touchpoint_id) is not None
        plan = select(touchpoints.c.document).where(touchpoints.c.id == kept.touchpoint_id)
        compiled = plan.compile(database.engine, compile_kwargs={"literal_binds": True})
        lines = session.scalars(text(f"EXPLAIN {compiled}")).all()
    assert sum(" on touchpoints" in line for line in lines) == 1
