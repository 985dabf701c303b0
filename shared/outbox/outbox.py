"""Where a transaction puts the facts it wants told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec
from sqlalchemy import insert
from sqlalchemy.orm import Session

from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import NewRecord, Topic
from shared.clock import Clock, utc_now
from shared.contracts.contract import Contract
from shared.contracts.topics import BY_NAME
from shared.ids import new_id
from shared.sql.plumbing import outbox

_MAX_EVENTS_A_RECORD = 200
_MAX_RECORD_BYTES = 512 * 1024


class Outbox:
    """Adds facts of one service to its outbox. `source` is the CloudEvents source, such as `rapport/profile`."""

    def __init__(self, source: str, clock: Clock = utc_now) -> None:
        self._source = source
        self._clock = clock

    def add(self, session: Session, facts: Iterable[Contract]) -> None:
        """Store `facts` in the caller's transaction, in order; those of one partition travel as one record."""
        lanes: dict[tuple[str, int], list[tuple[str, Event]]] = {}
        for fact in facts:
            topic = BY_NAME[fact.topic]
            lane = lanes.setdefault((topic.name, topic.partition_of(fact.bus_key)), [])
            lane.append((fact.bus_key, self._event(fact)))
        self.add_records(session, [r for (name, _), lane in lanes.items() for r in _records(BY_NAME[name], lane)])

    def add_records(self, session: Session, records: Sequence[NewRecord]) -> None:
        """Store records that are CloudEvents already, such as dead letters."""
        now = self._clock()
        rows = [
            {
                "topic": record.topic,
                "partition": record.partition,
                "key": record.key,
                "value": record.value,
                "headers": [[name, value.decode("latin-1")] for name, value in record.headers],
                "created_at": now,
            }
            for record in records
        ]
        if rows:
            session.execute(insert(outbox), rows)

    def _event(self, fact: Contract) -> Event:
        return Event(
            id=new_id(),
            source=self._source,
            type=fact.event_type,
            time=self._clock(),
            data=msgspec.json.encode(fact),
            subject=fact.bus_key,
            traceparent=fact.traceparent,
        )


def _records(topic: Topic, lane: Sequence[tuple[str, Event]]) -> Iterable[NewRecord]:
    """Cut a lane into records that stay well under what a log takes."""
    pending = iter(lane)
    while chunk := list(islice(pending, _MAX_EVENTS_A_RECORD)):
        yield from _fitting(topic, chunk)


def _fitting(topic: Topic, chunk: Sequence[tuple[str, Event]]) -> Iterable[NewRecord]:
    if len(chunk) > 1 and sum(len(event.data) for _, event in chunk) > _MAX_RECORD_BYTES:
        middle = len(chunk) // 2
        yield from _fitting(topic, chunk[:middle])
        yield from _fitting(topic, chunk[middle:])
    else:
        yield to_record([event for _, event in chunk], topic=topic, key=chunk[0][0], record_id=new_id())
