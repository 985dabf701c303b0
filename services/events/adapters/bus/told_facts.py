"""The public facts in records, as whoever listens to the stream is told them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from services.events.adapters.bus.stream_position import StreamPosition
from services.events.use_cases.webhooks.public_events import named, public_body
from shared.bus.cloudevents import Event, MalformedRecord, from_record
from shared.bus.ports import Partition, Record
from shared.contracts.contract import Contract
from shared.inbox.deliveries import fact_of

Living = Callable[[Sequence[Contract]], Sequence[Contract]]
"""Takes out the facts about erased customers, which the log keeps for days. Raises sqlalchemy.exc.DBAPIError."""


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as listeners get it. `subject` is what the bus orders it by; `body` what a webhook would post of it."""

    position: StreamPosition
    name: str
    subject: str
    body: bytes


class Listener(Protocol):
    """Takes facts in order, from threads, and never waits."""

    def offer(self, told: Sequence[Told]) -> bool:
        """Take facts; False when it wants no more."""
        ...

    def wants(self, told: Told) -> bool:
        """Whether the client asked for it."""
        ...

    def has_room(self) -> bool:
        """Whether as much as one record holds would be taken now."""
        ...

    def drop(self) -> None:
        """Hear that nothing more comes."""
        ...


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record and its facts in order; None for each that nobody is told."""

    record: Record
    facts: Sequence[tuple[Event, Contract] | None]


def read_records(records: Iterable[Record], living: Living) -> list[ReadRecord]:
    """What may be told of some records."""
    read = [(record, _facts_in(record)) for record in records]
    alive = set(map(id, living([found[1] for _, facts in read for found in facts if found])))
    return [
        ReadRecord(record, [found if found and id(found[1]) in alive else None for found in facts])
        for record, facts in read
    ]


def told_of(read: ReadRecord, at: dict[Partition, int], *, skip: StreamPosition | None = None) -> Iterator[Told]:
    """The facts of a record, each with the position behind it; `at` is moved on."""
    record, place = read.record, (read.record.topic, read.record.partition)
    if record.offset < at.get(place, 0):
        return
    at[place] = record.offset
    known = skip.skips(place, record.offset) if skip else 0
    before = StreamPosition(dict(at))
    at[place] = record.offset + 1
    behind = StreamPosition(dict(at))
    for number, found in enumerate(read.facts, 1):
        if number > known and found is not None:
            event, fact = found
            position = behind if number == len(read.facts) else before.within(place, number)
            yield Told(position, *_shown(event, fact))


def _facts_in(record: Record) -> list[tuple[Event, Contract] | None]:
    try:
        return [_public(event) for event in from_record(record)]
    except MalformedRecord:
        return []  # the consumers that depend on it keep it as a dead letter


def _public(event: Event) -> tuple[Event, Contract] | None:
    try:
        fact = fact_of(event)
    except msgspec.MsgspecError:
        return None  # the same
    return None if fact is None or named(fact) is None else (event, fact)


def _shown(event: Event, fact: Contract) -> tuple[str, str, bytes]:
    known = named(fact)
    assert known is not None
    return known.name, event.subject or "", public_body(fact, event.data)
