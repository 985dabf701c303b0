"""Public facts as listeners to the stream get them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.events.adapters.bus.stream_position import StreamPosition
from services.events.use_cases.webhooks.public_events import CONTRACT_NAMES
from shared.bus.cloudevents import Event, MalformedRecord, from_record
from shared.bus.ports import Partition, Record


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as listeners get it. `subject` is what the bus orders it by; `data` its JSON."""

    position: StreamPosition
    name: str
    subject: str
    event: Event


class Listener(Protocol):
    """Takes facts in order, from threads, and never waits."""

    def offer(self, told: Sequence[Told]) -> bool:
        """Take facts; False when it wants no more."""
        ...

    def has_room(self) -> bool:
        """Whether as much as one record holds would be taken now."""
        ...

    def drop(self) -> None:
        """Hear that nothing more comes."""
        ...


def told_in(
    records: Sequence[Record], at: dict[Partition, int], *, skip: StreamPosition | None = None
) -> Iterator[Told]:
    """The public facts in `records` but for those that `skip` is behind, each with its position; `at` is moved on."""
    for record in records:
        place = (record.topic, record.partition)
        if record.offset < at.get(place, 0):
            continue
        at[place] = record.offset
        known = skip.skips(place, record.offset) if skip else 0
        try:
            events = from_record(record)
        except MalformedRecord:
            events = []  # the consumers that depend on it keep it as a dead letter
        before = StreamPosition(dict(at))
        at[place] = record.offset + 1
        behind = StreamPosition(dict(at))
        for number, event in enumerate(events, 1):
            if number > known and (name := CONTRACT_NAMES.get(event.type)):
                position = behind if number == len(events) else before.within(place, number)
                yield Told(position, name, event.subject or "", event)
