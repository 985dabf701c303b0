"""From records to facts: what a consumer is handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import msgspec

from shared.bus.cloudevents import Event, MalformedRecord, from_record, record_id
from shared.bus.ports import Record
from shared.contracts import register
from shared.contracts.contract import Contract, contract_for

__all__ = ["Delivery", "Undeliverable", "deliveries_of", "fact_of", "register"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A fact with the event it came in, and the topic."""

    topic: str
    event: Event
    fact: Contract


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """What can be no fact, and why."""

    topic: str
    event: Event
    reason: str


def deliveries_of(records: Sequence[Record]) -> tuple[list[Delivery], list[Undeliverable]]:
    """Decode `records` in order; events of types this version does not know are dropped."""
    good: list[Delivery] = []
    bad: list[Undeliverable] = []
    for record in records:
        try:
            events = from_record(record)
        except MalformedRecord as error:
            bad.append(Undeliverable(record.topic, _opaque(record), f"malformed record: {error}"))
            continue
        for event in events:
            try:
                fact = fact_of(event)
            except msgspec.MsgspecError as error:
                bad.append(Undeliverable(record.topic, event, f"breaks its contract: {error}"))
            else:
                if fact is not None:
                    good.append(Delivery(record.topic, event, fact))
    return good, bad


def fact_of(event: Event) -> Contract | None:
    """The contract in an event, or None for an unknown type. Raises msgspec.MsgspecError when it is broken."""
    known = contract_for(event.type)
    if known is None:
        return None
    fact = _decoder(known).decode(event.data)
    if fact.traceparent is None and event.traceparent is not None:
        return msgspec.structs.replace(fact, traceparent=event.traceparent)
    return fact


@cache
def _decoder(known: type[Contract]) -> msgspec.json.Decoder[Contract]:
    return msgspec.json.Decoder(known)


def _opaque(record: Record) -> Event:
    """A stand-in that keeps the bytes of a record which is no CloudEvent."""
    return Event(
        id=record_id(record),
        source="unknown",
        type="unknown",
        time=record.appended_at,
        data=record.value,
    )
