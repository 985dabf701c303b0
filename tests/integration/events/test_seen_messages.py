"""What was seen is known, whoever recorded it, whatever was rolled back, and however many buckets there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from services.events.adapters.sql.seen.by_day import SeenByDay
from services.events.adapters.sql.seen.in_parts import SeenInParts
from services.events.adapters.sql.seen.opening import SeenMessages
from services.events.adapters.sql.sources import SqlSources
from services.events.adapters.sql.stored_touchpoints import latest_touchpoints
from services.events.adapters.sql.tables import message_buckets, seen_messages
from services.events.domain.duplicates import REMEMBERED_DAYS, buckets_near
from services.events.domain.owners import EVERYBODY
from services.events.settings import EventsSettings
from services.events.use_cases.ports import Seen, Source
from shared.sql.database import Database
from tests.integration.events.store import SOURCE, keep, touchpoint
from tests.integration.events.suite import settings_in

DAY = datetime.now(UTC).toordinal()
Remembered = frozenset[tuple[int, bytes]]
"""Days and hashes."""


def hashed(n: int) -> bytes:
    """Three messages each begin alike, so that only the whole hash tells them apart."""
    return (n // 3 * 2**40).to_bytes(8, "big") + n.to_bytes(8, "big")


@dataclass(frozen=True)
class Batch:
    """Messages by day and number; a batch that fails is rolled back to where it began."""

    messages: list[tuple[int, int]]
    fails: bool


@dataclass(frozen=True)
class Transaction:
    """What one of two processes, or one that has just begun, records at once."""

    process: int
    batches: list[Batch]
    fails: bool


class RolledBackError(Exception):
    """Ends a transaction or a part of one."""


batches = st.builds(
    Batch, st.lists(st.tuples(st.integers(DAY, DAY + 5), st.integers(0, 30)), max_size=8), st.sampled_from((0, 0, 1))
)
histories = st.lists(
    st.one_of(
        st.builds(
            Transaction,
            st.integers(0, 2),
            st.lists(batches, min_size=1, max_size=3),
            st.sampled_from((False, False, True)),
        ),
        st.integers(DAY, DAY + 6),
    ),
    max_size=12,
)


@pytest.fixture
def database(settings: EventsSettings) -> Iterator[Database]:
    made = Database(settings.events_database_url)
    yield made
    made.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    made = Database(settings_in(tmp_path).events_database_url)
    yield made
    made.dispose()


def started(database: Database, full: int) -> SeenMessages:
    """What a process has that has just begun."""
    return SeenByDay() if database.dialect == "postgresql" else SeenInParts(full=full)


def near(remembered: Remembered, hashes: Mapping[int, Collection[bytes]]) -> set[bytes]:
    """The reference: a message is known when its hash is remembered of its day or one beside it."""
    return {one for day in hashes for one in hashes[day] if any((d, one) in remembered for d in buckets_near(day))}


def record(seen: SeenMessages, database: Database, told: Transaction, remembered: Remembered) -> Remembered:
    """Record batches one after the other, and what is remembered then."""
    before = remembered
    with suppress(RolledBackError), database.transaction() as session:
        for batch in told.batches:
            hashes = {day: {hashed(n) for d, n in batch.messages if d == day} for day, _ in batch.messages}
            known = seen.known(session, hashes)
            assert known == near(remembered, hashes)
            new = {hashed(n): day for day, n in batch.messages if hashed(n) not in known}
            with suppress(RolledBackError), session.begin_nested():
                seen.add(session, [Seen(day, one, "0") for one, day in new.items()])
                assert seen.known(session, hashes) >= set(new)
                if batch.fails:
                    raise RolledBackError
                remembered |= {(day, one) for one, day in new.items()}
        if told.fails:
            raise RolledBackError
        return remembered
    return before


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.integers(1, 7))
def test_known_is_what_was_recorded(database: Database, history: list[Transaction | int], full: int) -> None:
    with database.transaction() as session:
        session.execute(delete(seen_messages))
        session.execute(delete(message_buckets))
    processes = [started(database, full) for _ in range(2)]
    remembered: Remembered = frozenset()
    for step in history:
        if isinstance(step, Transaction):
            seen = [*processes, started(database, full)][step.process]
            remembered = record(seen, database, step, remembered)
        else:
            processes[0].forget(database, today=step)
            remembered = frozenset((day, one) for day, one in remembered if day >= step - REMEMBERED_DAYS)
    everything = {day: {hashed(n) for n in range(31)} for day in range(DAY - 1, DAY + 7)}
    with database.reading() as session:
        for seen in (*processes, started(database, full)):
            for day, hashes in everything.items():
                assert seen.known(session, {day: hashes}) == near(remembered, {day: hashes})
        rows = session.execute(select(seen_messages.c.bucket, seen_messages.c.hash)).all()
        assert sorted(row.hash for row in rows) == sorted(one for _, one in remembered)
        assert {row.bucket for row in rows} <= set(processes[1].buckets(session))


def test_a_bucket_that_is_full_is_sealed_and_the_next_takes_over(sqlite: Database) -> None:
    seen = SeenInParts(full=10)
    for n in range(0, 40, 4):
        add(seen, sqlite, [Seen(DAY, hashed(i), "0") for i in range(n, n + 4)])
    add(seen, sqlite, [Seen(DAY - 1, hashed(100), "0")])
    with sqlite.reading() as session:
        parts = session.execute(select(message_buckets).order_by(message_buckets.c.bucket)).all()
        rows = dict(
            session.execute(select(seen_messages.c.bucket, func.count()).group_by(seen_messages.c.bucket)).all()
        )
        assert seen.known(session, {DAY: {hashed(i) for i in range(60)}}) == {hashed(i) for i in range(40)}
    assert [(part.bucket, part.day, part.messages) for part in parts] == [
        (1, DAY, 12),
        (2, DAY, 12),
        (3, DAY, 12),
        (4, DAY, 4),
        (5, DAY - 1, 1),
    ]
    assert {part.bucket: part.messages for part in parts} == rows
    assert [part.seal is None for part in parts] == [False, False, False, True, True]
    assert [len(part.beginnings or b"") for part in parts] == [96, 96, 96, 0, 0]


def test_a_number_that_is_given_again_deceives_no_other_process(sqlite: Database) -> None:
    one, other = SeenInParts(full=2), SeenInParts(full=2)
    for day, first in ((DAY, 0), (DAY + 9, 100)):
        messages = [hashed(first + n) for n in range(3)]
        add(one, sqlite, [Seen(day, each, "0") for each in messages[:2]])
        add(one, sqlite, [Seen(day, messages[2], "0")])
        with sqlite.reading() as session:
            assert other.known(session, {day: messages}) == set(messages)
            assert sorted(one.buckets(session)) == [1, 2]
        if day == DAY:
            one.forget(sqlite, today=DAY + 9)


def test_forgetting_leaves_nothing_of_past_days(sqlite: Database) -> None:
    seen = SeenInParts(full=3)
    for day in range(DAY, DAY + 6):
        for n in range(5):
            add(seen, sqlite, [Seen(day, hashed(10 * day + n), "0")])
    seen.forget(sqlite, today=DAY + 5)
    with sqlite.reading() as session:
        left = select(message_buckets.c.day, func.sum(message_buckets.c.messages)).group_by(message_buckets.c.day)
        assert dict(session.execute(left).all()) == dict.fromkeys(range(DAY + 3, DAY + 6), 5)
        assert session.scalar(select(func.count()).select_from(seen_messages)) == 15


def test_two_processes_at_once_record_each_message_once(tmp_path: Path, sqlite: Database) -> None:
    other = Database(settings_in(tmp_path).events_database_url)
    shared = SeenInParts(full=5)

    def work(database: Database, seen: SeenMessages) -> list[bytes]:
        recorded: list[bytes] = []
        for start in range(0, 200, 4):
            hashes = {hashed(n) for n in range(start, start + 8)}
            with database.transaction() as session:
                new = sorted(hashes - seen.known(session, {DAY: hashes}))
                seen.add(session, [Seen(DAY, one, "0") for one in new])
            recorded += new
        return recorded

    with ThreadPoolExecutor(3) as threads:
        workers = ((sqlite, shared), (sqlite, shared), (other, SeenInParts(full=5)))
        recorded = list(chain.from_iterable(threads.map(lambda each: work(*each), workers)))
    other.dispose()
    assert sorted(recorded) == [hashed(n) for n in range(204)]


def test_a_message_is_found_in_whichever_bucket_it_is(sqlite: Database) -> None:
    seen = SeenInParts(full=1)
    kept = [touchpoint(datetime.now(UTC)) for _ in range(5)]
    with sqlite.transaction() as session:
        SqlSources(session, EVERYBODY).add(Source(SOURCE, "shop", datetime.now(UTC)))
    for one in kept:
        keep(sqlite, [one], seen)
    with sqlite.reading() as session:
        for one in kept:
            found = latest_touchpoints(session, subject=None, message_id=one.message_id, limit=2, before=None)
            assert [touchpoint_id for touchpoint_id, _ in found] == [one.touchpoint_id]


def add(seen: SeenMessages, database: Database, messages: Sequence[Seen]) -> None:
    with database.transaction() as session:
        seen.add(session, messages)
