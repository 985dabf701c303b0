"""A filled database of an earlier version is brought to this one without losing a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.adapters.sql.stored_touchpoints import one_touchpoint
from services.events.adapters.sql.timeline import SqlTimeline
from services.events.adapters.sql.timeline_reading import TimelineFilter
from services.events.adapters.sql.touchpoints import SqlTouchpoints
from services.events.bootstrap import MIGRATIONS
from services.events.settings import EventsSettings
from shared.ids import first_id_at
from shared.sql.database import Database
from shared.sql.migrations import check, upgrade
from shared.sql.types import to_microseconds
from tests.integration.events.store import keep, touchpoint

NOW = datetime.now(UTC).replace(microsecond=0)


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

    times = [NOW - timedelta(days=days) for days in range(0, 700, 7)]
    rows = [
        {"id": first_id_at(at), "at": moment(at), "bucket": at.toordinal(), "hash": str(n).encode()}
        for n, at in enumerate(times)
    ]
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO touchpoints (id, subject, occurred_at, kind, name, channel, document)"
                " VALUES (:id, 'user_id:u', :at, 'track', 'Viewed', 'web', :hash)"
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
        assert SqlTouchpoints(session).known({NOW.toordinal(): {b"0", b"new"}}) == {b"0"}
    keep(database, [touchpoint(NOW), touchpoint(NOW + timedelta(days=40))])
    with database.reading() as session:
        page = SqlTimeline(session).page(["user_id:u"], TimelineFilter(), limit=200, after=None)
        assert len(page.documents) == len(ids) + 2
