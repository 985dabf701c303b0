"""What the worker of every service runs for the bus: the relay, a loop for each subscription, housekeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Protocol

from sqlalchemy import func, select

from shared.bus.ports import Bus, BusError
from shared.clock import utc_now
from shared.contracts.topics import ALL
from shared.inbox import positions
from shared.inbox.consumer import ConsumerLoop
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.relay import Relay
from shared.sql.database import Database
from shared.sql.plumbing import outbox
from shared.telemetry.metrics import BUS_REACHABLE, CONSUMER_LAG, OUTBOX_AGE_SECONDS, OUTBOX_WAITING
from shared.workers.loops import Loop, every, insist

_MEASURE_EVERY_S = 5.0


class OnTheBus(Protocol):
    """What the wiring of a service has to do with the bus."""

    @property
    def bus(self) -> Bus:
        """The event bus."""
        ...

    @property
    def database(self) -> Database:
        """Where the service keeps its outbox and how far it has read."""
        ...

    @property
    def dead_letters(self) -> DeadLetters:
        """Where facts go that cannot be handled."""
        ...

    def subscriptions(self) -> Sequence[Subscription]:
        """What the service reads."""
        ...


def bus_loops(service: OnTheBus) -> Mapping[str, Loop]:
    """Loops by name: `topics`, `relay`, each subscription's consumer name, and `housekeeping`."""
    bus, database, dead_letters = service.bus, service.database, service.dead_letters
    subscriptions = service.subscriptions()
    consumers = {
        each.consumer: ConsumerLoop(bus=bus, database=database, subscription=each, dead_letters=dead_letters).run
        for each in subscriptions
    }
    return {
        "topics": lambda stop: create_topics(bus, stop),
        "relay": _relay(bus, database),
        **consumers,
        "housekeeping": every(_MEASURE_EVERY_S, lambda: _keep_house(bus, database, subscriptions)),
    }


def create_topics(bus: Bus, stop: Event) -> None:
    """Create the topics that are missing as soon as the bus answers; what needs them retries until then."""
    insist(stop, lambda: bus.create_topics(ALL), away=BusError)


def _relay(bus: Bus, database: Database) -> Loop:
    def loop(stop: Event) -> None:
        publisher = bus.publisher()
        try:
            Relay(database, publisher).run(stop)
        finally:
            publisher.close()

    return loop


def _keep_house(bus: Bus, database: Database, subscriptions: Sequence[Subscription]) -> None:
    """Measure what operators watch, and forget what no log redelivers."""
    _measure_outbox(database)
    _measure_lag(bus, database, subscriptions)
    with database.transaction() as session:
        positions.forget_old(session, now=utc_now())


def _measure_lag(bus: Bus, database: Database, subscriptions: Sequence[Subscription]) -> None:
    """What a consumer has still to handle; unknown while the bus is away, which may look like having caught up."""
    try:
        for subscription in subscriptions:
            CONSUMER_LAG.labels(subscription.consumer).set(lag(bus, database, subscription))
        reachable = True
    except BusError:
        reachable = False
    for subscription in subscriptions:  # only of who asks: an API never does, and would count as cut off
        BUS_REACHABLE.labels(subscription.consumer).set(reachable)


def lag(bus: Bus, database: Database, subscription: Subscription) -> int:
    """How many records of its topics a consumer has still to handle. Raises BusUnavailable."""
    ends = bus.end_positions([topic.name for topic in subscription.topics])
    with database.reading() as session:
        reached = positions.load(session, subscription.consumer, ends)
    return sum(max(0, end - reached.get(place, 0)) for place, end in ends.items())


def _measure_outbox(database: Database) -> None:
    with database.reading() as session:
        waiting, oldest = session.execute(select(func.count(), func.min(outbox.c.created_at))).one()
    OUTBOX_WAITING.set(waiting)
    OUTBOX_AGE_SECONDS.set((utc_now() - oldest).total_seconds() if oldest else 0)
