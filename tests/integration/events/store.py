"""Touchpoints put into the store directly, recorded and happened whenever a test wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from services.events.adapters.sql.seen.opening import SeenMessages, seen_messages_on
from services.events.adapters.sql.touchpoints import SqlTouchpoints, TouchpointRows
from services.events.domain.duplicates import bucket_of, message_hash
from services.events.use_cases.ports import Draft, Seen
from shared.bus.cloudevents import Event
from shared.contracts.events import TouchpointRecordedV1
from shared.ids import first_id_at, new_id, start_of
from shared.sql.database import Database

SOURCE = "00000000-0000-7000-8000-00000000000a"


def touchpoint(occurred: datetime, *, recorded: datetime | None = None, **stated: Any) -> TouchpointRecordedV1:
    """A touchpoint that happened at `occurred` and was recorded then or at `recorded`."""
    touchpoint_id = start_of(first_id_at(recorded or occurred)) + new_id()[13:]
    values = {"kind": "track", "subject": "user_id:u", "name": "Viewed", "channel": "web", **stated}
    return TouchpointRecordedV1(
        touchpoint_id=touchpoint_id,
        message_id=f"m-{touchpoint_id}",
        source_id=SOURCE,
        occurred_at=occurred,
        received_at=recorded or occurred,
        **values,
    )


def keep(database: Database, touchpoints: Iterable[TouchpointRecordedV1], seen: SeenMessages | None = None) -> None:
    """Record them, with their messages."""
    drafts = [draft(one, database) for one in touchpoints]
    with database.transaction() as session:
        SqlTouchpoints(session, seen or seen_messages_on(database.dialect)).add(drafts)


def draft(told: TouchpointRecordedV1, database: Database) -> Draft:
    """What is kept of it, as the database takes it."""
    rows = TouchpointRows(database.engine.dialect)
    document = msgspec.json.encode(told)
    seen = Seen(bucket_of(told.received_at), message_hash(SOURCE, told.message_id), start_of(told.touchpoint_id))
    event = Event(id=told.touchpoint_id, source=SOURCE, type=told.event_type, time=told.received_at, data=document)
    return Draft(told, rows.row(told, document), event, seen)
