"""Where a transaction puts the facts it wants told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from shared.batched import batched
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import NewRecord, Topic
from shared.bus.waiting import check_size
from shared.clock import Clock, utc_now
from shared.contracts.contract import Contract
from shared.contracts.topics import BY_NAME
from shared.ids import new_id
from shared.sql.bulk import bound, insert_rows
from shared.sql.plumbing import outbox

_c = outbox.c
_COLUMNS = (_c.topic, _c.partition, _c.key, _c.value, _c.headers, _c.created_at)
_encode = msgspec.json.Encoder().encode
_MAX_EVENTS_A_RECORD = 200
_MAX_RECORD_BYTES = 512 * 1024


class Outbox:
    """Adds facts of one service to its outbox. `source` is the CloudEvents source, such as `rapport/profile`."""

    def __init__(self, source: str, clock: Clock = utc_now) -> None:
        self._source = source
        self._clock = clock

    def add(self, session: Session, facts: Iterable[Contract]) -> None:
        """Store `facts` in the caller's transaction, in order; those of one partition travel as one record."""
        by_topic: dict[str, list[Event]] = {}
        for fact in facts:
            by_topic.setdefault(fact.topic, []).append(self.event(fact))
        for topic, events in by_topic.items():
            self.add_records(session, records_of(BY_NAME[topic], events))

    def event(
        self, fact: Contract, data: bytes | None = None, *, event_id: str | None = None, time: datetime | None = None
    ) -> Event:
        """What a fact travels as; needs no transaction.

        `data` is its JSON where that was made before, `event_id` an id that no other fact of this service has.
        """
        return Event(
            id=event_id or new_id(),
            source=self._source,
            type=fact.event_type,
            time=time or self._clock(),
            data=_encode(fact) if data is None else data,
            subject=fact.bus_key,
            traceparent=fact.traceparent,
        )

    def add_records(self, session: Session, records: Sequence[NewRecord]) -> None:
        """Store records that are CloudEvents already, such as those of `records_of`, or dead letters.

        Raises RecordTooLarge for one that no log would take: it would hold up everything behind it.
        """
        for record in records:
            check_size(record)
        now = self._clock()
        rows = (
            (
                record.topic,
                record.partition,
                record.key,
                record.value,
                [[name, value.decode("latin-1")] for name, value in record.headers],
                now,
            )
            for record in records
        )
        insert_rows(session, _COLUMNS, bound(session, _COLUMNS, rows))


def records_of(topic: Topic, events: Iterable[Event]) -> list[NewRecord]:
    """What facts of one topic travel in; needs no transaction."""
    lanes: dict[int, list[Event]] = {}
    for event in events:
        lanes.setdefault(topic.partition_of(event.subject or ""), []).append(event)
    return [record for lane in lanes.values() for record in _records(topic, lane)]


def _records(topic: Topic, lane: Sequence[Event]) -> Iterable[NewRecord]:
    """Cut a lane into records that stay well under what a log takes."""
    for chunk in batched(lane, _MAX_EVENTS_A_RECORD):
        yield from _fitting(topic, chunk)


def _fitting(topic: Topic, chunk: Sequence[Event]) -> Iterable[NewRecord]:
    if len(chunk) > 1 and sum(len(event.data) for event in chunk) > _MAX_RECORD_BYTES:
        middle = len(chunk) // 2
        yield from _fitting(topic, chunk[:middle])
        yield from _fitting(topic, chunk[middle:])
    else:
        yield to_record(chunk, topic=topic, key=chunk[0].subject or "", record_id=new_id())
