"""Putting records of touchpoints into the archive, and looking at what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from services.events.adapters.sql.archive.ledger import SqlArchiveLedger
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.use_cases.archive.ports import ArchiveFile
from services.events.wiring.archive import ArchiveWiring
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Record
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.ids import new_id
from tests.support.archive import rows_of

LONG_AGO = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


def never() -> bool:
    """Nobody stops the work."""
    return False


def told(*names: str, at: datetime = LONG_AGO) -> list[Event]:
    facts = [
        TouchpointRecordedV1(
            touchpoint_id=new_id(), message_id=name, source_id="s", kind="page", subject=f"user_id:{name}",
            occurred_at=at - timedelta(days=300), received_at=at,
        )
        for name in names
    ]  # fmt: skip
    return [
        Event(id=new_id(), source="s", type=fact.event_type, time=at, data=msgspec.json.encode(fact)) for fact in facts
    ]


def record(offset: int, *events: Event, record_id: str | None = None) -> Record:
    new = to_record(events, topic=TOUCHPOINTS, key="k", record_id=record_id or new_id())
    return Record(TOUCHPOINTS.name, 0, offset, new.value, "k", new.headers, LONG_AGO)


def write(archive: ArchiveWiring, offset: int, *events: Event, record_id: str | None = None) -> int:
    place = (TOUCHPOINTS.name, 0)
    believed = {place: offset} if offset else {}
    rows = archive.writer.write([record(offset, *events, record_id=record_id)], believed, {place: offset + 1})
    archive.keep.publish()
    return rows


def names_in(settings: EventsSettings) -> list[str]:
    assert settings.archive_folder is not None
    return sorted(row["message_id"] for row in rows_of(settings.archive_folder))


def files_in(wiring: Wiring) -> Sequence[ArchiveFile]:
    with wiring.database.reading() as session:
        return SqlArchiveLedger(session).in_state("published")
