"""Touchpoints are found by the message that a client sent, also among those of the same millisecond."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from services.events.adapters.sql.sources import SqlSources
from services.events.adapters.sql.stored_touchpoints import latest_touchpoints
from services.events.adapters.sql.tables import seen_messages
from services.events.domain.owners import EVERYBODY
from services.events.settings import EventsSettings
from services.events.use_cases.ports import Source
from shared.contracts.events import TouchpointRecordedV1
from shared.sql.database import Database
from tests.integration.events.store import SOURCE, keep, touchpoint

NOW = datetime.now(UTC)
TOGETHER = [touchpoint(NOW) for _ in range(300)]


@pytest.fixture
def database(settings: EventsSettings) -> Iterator[Database]:
    made = Database(settings.events_database_url)
    with made.transaction() as session:
        SqlSources(session, EVERYBODY).add(Source(SOURCE, "shop", NOW))
    keep(made, TOGETHER)
    yield made
    made.dispose()


def found(database: Database, one: TouchpointRecordedV1, *, before: str | None = None) -> list[str]:
    with database.reading() as session:
        pairs = latest_touchpoints(session, subject=None, message_id=one.message_id, limit=2, before=before)
    return [touchpoint_id for touchpoint_id, _ in pairs]


def test_one_among_many_of_its_millisecond(database: Database) -> None:
    for one in TOGETHER[::60]:
        assert found(database, one) == [one.touchpoint_id]
        assert found(database, one, before=one.touchpoint_id) == []
    assert found(database, touchpoint(NOW)) == []


def test_one_whose_whole_id_was_kept_by_an_earlier_version(database: Database) -> None:
    one = TOGETHER[7]
    with database.transaction() as session:
        session.execute(update(seen_messages).values(touchpoint_id=one.touchpoint_id))
    assert found(database, one) == [one.touchpoint_id]
