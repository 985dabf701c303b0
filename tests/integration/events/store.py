"""Touchpoints put into the store directly, recorded and happened whenever a test wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.events.adapters.sql.touchpoints import SqlTouchpoints
from services.events.domain.duplicates import bucket_of, message_hash
from services.events.use_cases.ports import Seen
from shared.contracts.events import TouchpointRecordedV1
from shared.ids import first_id_at, new_id
from shared.sql.database import Database

SOURCE = "00000000-0000-7000-8000-00000000000a"


def touchpoint(occurred: datetime, *, recorded: datetime | None = None, **stated: Any) -> TouchpointRecordedV1:
    """A touchpoint that happened at `occurred` and was recorded then or at `recorded`."""
    touchpoint_id = first_id_at(recorded or occurred)[:13] + new_id()[13:]
    values = {"kind": "track", "subject": "user_id:u", "name": "Viewed", "channel": "web", **stated}
    return TouchpointRecordedV1(
        touchpoint_id=touchpoint_id,
        message_id=f"m-{touchpoint_id}",
        source_id=SOURCE,
        occurred_at=occurred,
        received_at=recorded or occurred,
        **values,
    )


def keep(database: Database, touchpoints: Iterable[TouchpointRecordedV1]) -> None:
    """Record them, with their messages."""
    kept = list(touchpoints)
    seen = [Seen(bucket_of(one.received_at), message_hash(SOURCE, one.message_id), one.touchpoint_id) for one in kept]
    with database.transaction() as session:
        SqlTouchpoints(session).add(kept, seen)
