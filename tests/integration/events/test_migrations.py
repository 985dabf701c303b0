"""A filled database of an earlier version is brought to this one without losing a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import text

from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.adapters.sql.seen.by_day import SeenByDay
from services.events.adapters.sql.seen.in_parts import SeenInParts
from services.events.adapters.sql.seen.opening import seen_messages_on
from services.events.adapters.sql.sources import SqlSources
from services.events.adapters.sql.stored_touchpoints import one_touchpoint
from services.events.adapters.sql.timeline import SqlTimeline
from services.events.adapters.sql.timeline_reading import TimelineFilter
from services.events.adapters.sql.touchpoints import SqlTouchpoints
from services.events.bootstrap import MIGRATIONS
from services.events.domain.duplicates import REMEMBERED_DAYS, message_hash
from services.events.domain.owners import EVERYBODY, Owner
from services.events.settings import EventsSettings
from services.events.use_cases.ports import Seen
from shared.auth.keys import find_caller
from shared.ids import first_id_at
from shared.sql.database import Database
from shared.sql.migrations import check, upgrade
from shared.sql.types import to_microseconds
from tests.integration.events.store import keep, touchpoint

NOW = datetime.now(UTC).replace(microsecond=0)
TIMES = [NOW - timedelta(days=days) for days in range(0, 700, 7)]


def hashed(n: int) -> bytes:
    """What stands for the message of the touchpoint number `n`."""
    return message_hash("source", str(n))


@pytest.fixture
def migrations() -> None:
    """None: each test begins with the schema that it names."""


@pytest.fixture
def database(settings: EventsSettings) -> Iterator[Database]:
    """A database at 0004."""
    made = Database(settings.events_database_url)
    upgrade(made, MIGRATIONS, revision="0004")
    yield made
    made.dispose()


def fill(database: Database) -> list[str]:
    """The ids of touchpoints that 0004 has stored."""

    def moment(value: datetime) -> Any:
        return value if database.dialect == "postgresql" else to_microseconds(value)

    rows = [
        {
            "id": first_id_at(at),
            "at": moment(at),
            "bucket": at.toordinal(),
            "document": str(n).encode(),
            "hash": hashed(n),
        }
        for n, at in enumerate(TIMES)
    ]
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO touchpoints (id, subject, occurred_at, kind, name, channel, document)"
                " VALUES (:id, 'user_id:u', :at, 'track', 'Viewed', 'web', :document)"
            ),
            rows,
        )
        seen = "INSERT INTO seen_messages (bucket, hash, touchpoint_id) VALUES (:bucket, :hash, :id)"
        session.execute(text(seen), rows)
        session.execute(text("INSERT INTO profile_versions (profile_id, version) VALUES ('0a', 1)"))
        session.execute(text("INSERT INTO profile_subjects (profile_id, subject) VALUES ('0b', 'user_id:u')"))
        session.execute(text("INSERT INTO merged_profiles (merged_profile_id, profile_id) VALUES ('0b', '0a')"))
    return [row["id"] for row in rows]


def test_a_filled_database_of_0004_is_as_it_was_and_goes_on(database: Database) -> None:
    ids = fill(database)
    upgrade(database, MIGRATIONS)
    check(database, MIGRATIONS)
    with database.reading() as session:
        assert [one_touchpoint(session, one) for one in ids] == [str(n).encode() for n in range(len(ids))]
        assert SqlIdentityMap(session).subjects_of("0a") == ["user_id:u"]
        page = SqlTimeline(session).page(["user_id:u"], TimelineFilter(channel="web"), limit=200, after=None)
        assert page.documents == [str(n).encode() for n in range(len(ids))]
        recording = SqlTouchpoints(session, seen_messages_on(database.dialect))
        days = {at.toordinal(): {hashed(n), hashed(-1)} for n, at in enumerate(TIMES)}
        assert recording.known(days) == {hashed(n) for n in range(len(ids))}
        assert recording.known({NOW.toordinal(): {hashed(1)}}) == set(), "that was a week ago"
    keep(database, [touchpoint(NOW), touchpoint(NOW + timedelta(days=40))])
    with database.reading() as session:
        page = SqlTimeline(session).page(["user_id:u"], TimelineFilter(), limit=200, after=None)
        assert len(page.documents) == len(ids) + 2


def test_days_of_0008_go_on_as_buckets(settings: EventsSettings) -> None:
    database = Database(settings.events_database_url)
    upgrade(database, MIGRATIONS, revision="0008")
    today = NOW.toordinal()
    days = {day: {hashed(1_000 * day + n) for n in range(50)} for day in range(today - 2, today + 1)}
    with database.transaction() as session:
        rows = [{"day": day, "hash": each} for day, hashes in days.items() for each in hashes]
        session.execute(text("INSERT INTO seen_messages (bucket, hash, touchpoint_id) VALUES (:day, :hash, '0')"), rows)
    upgrade(database, MIGRATIONS)
    check(database, MIGRATIONS)
    seen = SeenInParts(full=20) if database.dialect == "sqlite" else SeenByDay()
    new = [hashed(n) for n in range(60)]
    for n in range(0, 60, 15):
        with database.transaction() as session:
            assert seen.known(session, {day: {*hashes, *new} for day, hashes in days.items()}) == {
                *chain.from_iterable(days.values()),
                *new[:n],
            }
            seen.add(session, [Seen(today, each, "0") for each in new[n : n + 15]])
    with database.reading() as session:
        buckets = {today - 2, today - 1, today}
        assert set(seen.buckets(session)) == buckets | (
            {today + 1, today + 2} if database.dialect == "sqlite" else set()
        )
    seen.forget(database, today=today + REMEMBERED_DAYS)
    with database.reading() as session:
        assert seen.known(session, {day: {*hashes, *new} for day, hashes in days.items()}) == {*days[today], *new}
    database.dispose()


def test_sources_of_0010_are_for_administrators_but_for_those_that_are_an_api_key(settings: EventsSettings) -> None:
    database = Database(settings.events_database_url)
    upgrade(database, MIGRATIONS, revision="0010")
    at = NOW if database.dialect == "postgresql" else to_microseconds(NOW)
    with database.transaction() as session:
        for source in ("0a", "0b"):
            row = {"id": source, "at": at}
            session.execute(text("INSERT INTO sources (id, name, created_at) VALUES (:id, 'shop', :at)"), row)
        session.execute(
            text(
                "INSERT INTO api_keys (id, name, key_sha256, hint, scopes, created_at)"
                " VALUES ('0b', 'till', 'd', 'rk_', '[\"events:write\"]', :at)"
            ),
            {"at": at},
        )
    upgrade(database, MIGRATIONS)
    check(database, MIGRATIONS)
    with database.reading() as session:
        seen = {owner: SqlSources(session, owner).page(limit=9, before=None) for owner in (EVERYBODY, Owner("0b"))}
        assert [source.id for source in seen[EVERYBODY]] == ["0b", "0a"]
        assert [(source.id, source.owner) for source in seen[Owner("0b")]] == [("0b", "0b")]
        caller = find_caller(session, "d")
        assert caller is not None
        assert caller.owner == "0b"
    database.dispose()
