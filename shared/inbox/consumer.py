"""The loop that reads topics and hands facts to a service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.bus.ports import Bus, BusError, Consumer, Partition, Positions, Record, Topic
from shared.clock import Clock, utc_now
from shared.contracts.contract import Contract
from shared.inbox import positions
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.deliveries import Delivery, Undeliverable, deliveries_of
from shared.inbox.isolation import Effect, Handle, isolate
from shared.inbox.positions import Overtaken
from shared.inbox.replay import replay_requested
from shared.sql.database import Database
from shared.telemetry.metrics import CONSUMED_FACTS, CONSUMER_BATCH_SECONDS
from shared.telemetry.trace import is_sampled, trace_id

_log = logging.getLogger(__name__)
_SUSPECT_AFTER = 5
_MAX_BACKOFF_S = 5.0
Prepare = Callable[[Sequence[Contract]], Effect]
"""What of an effect needs no transaction; it answers with the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a consumer reads and does. `consumer` names the group too, such as `profile.touchpoints`.

    `prepare` does what it can of `handle` before the transaction is opened, so that others wait less for its locks:
    `prepare(facts)(session)` has the same effect. While `is_wanted` says no, records are passed over unread.
    `max_records` and `max_bytes` bound what one transaction takes in.
    """

    consumer: str
    topics: tuple[Topic, ...]
    handle: Handle
    prepare: Prepare | None = None
    is_wanted: Callable[[Session], bool] | None = None
    max_records: int = 50
    max_bytes: int = 4_000_000

    def prepared(self, facts: Sequence[Contract]) -> Effect:
        """The effect of `facts`, as far as it can be had without a transaction."""
        return self.prepare(facts) if self.prepare else partial(_handle, self.handle, facts)


def _handle(handle: Handle, facts: Sequence[Contract], session: Session) -> None:
    if facts:
        handle(session, facts)


class ConsumerLoop:
    """Feeds one subscription from the bus, exactly once as far as its database is concerned."""

    def __init__(
        self,
        *,
        bus: Bus,
        database: Database,
        subscription: Subscription,
        dead_letters: DeadLetters,
        clock: Clock = utc_now,
    ) -> None:
        self._bus = bus
        self._database = database
        self._subscription = subscription
        self._dead_letters = dead_letters
        self._clock = clock
        self._believed: dict[Partition, int] = {}
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set. A bus or database that is away is waited for; nothing is skipped."""
        topics = [topic.name for topic in self._subscription.topics]
        while not stop.is_set():
            try:
                consumer = self._bus.consumer(self._subscription.consumer, topics, start_at=self._start_at)
                try:
                    self._consume(consumer, stop)
                finally:
                    consumer.close()
            except (BusError, DBAPIError, Overtaken) as error:
                self._failures += 1
                _log.warning("consumer waits", extra={"consumer": self._subscription.consumer, "reason": str(error)})
                stop.wait(min(0.1 * 2**self._failures, _MAX_BACKOFF_S))

    def apply(self, records: Sequence[Record]) -> None:
        """Commit the effect of `records` together with the position behind them.

        Raises sqlalchemy.exc.DBAPIError or Overtaken with nothing done.
        """
        try:
            self._commit(records)
        except Overtaken:
            raise
        except DBAPIError:
            # A database that is away fails every batch; one that answers again and again fails this one.
            if self._failures < _SUSPECT_AFTER:
                raise
            self._commit(records, isolated=True)
        except Exception:  # noqa: BLE001 - any fault of a handler: find the fact that causes it
            _log.exception("a batch failed, isolating", extra={"consumer": self._subscription.consumer})
            self._commit(records, isolated=True)

    def _start_at(self, partitions: Iterable[Partition]) -> Positions:
        assigned = set(partitions)
        with self._database.reading() as session:
            found = positions.load(session, self._subscription.consumer, assigned)
        kept = {place: offset for place, offset in self._believed.items() if place not in assigned}
        self._believed = kept | found
        return found

    def _consume(self, consumer: Consumer, stop: threading.Event) -> None:
        while not stop.is_set():
            records = consumer.poll(
                max_records=self._subscription.max_records, max_bytes=self._subscription.max_bytes, timeout_s=0.5
            )
            if records:
                self.apply(records)
                consumer.report({place: self._believed[place] for place in _reached(records)})
                self._failures = 0
            else:
                name, handle = self._subscription.consumer, self._subscription.handle
                replay_requested(self._database, name, handle, clock=self._clock)

    def _commit(self, records: Sequence[Record], *, isolated: bool = False) -> None:
        records = positions.ahead(records, self._believed)
        name, reached = self._subscription.consumer, _reached(records)
        with CONSUMER_BATCH_SECONDS.labels(name).time():
            wanted = records if self._is_wanted() else ()
            deliveries, bad = deliveries_of(wanted)
            effect = None if isolated else self._subscription.prepared(_facts(deliveries))
            with self._database.transaction() as session:
                positions.advance(session, name, believed=self._believed, reached=reached)
                fresh = positions.unseen(session, name, wanted, now=self._clock())
                if len(fresh) < len(wanted):
                    deliveries, bad = deliveries_of(fresh)
                    effect = None if isolated else self._subscription.prepared(_facts(deliveries))
                for undeliverable in bad:
                    self._give_up(session, undeliverable, undeliverable.reason, 1)
                if effect is not None:
                    effect(session)
                elif deliveries:
                    self._isolate(session, deliveries)
        self._believed |= reached
        CONSUMED_FACTS.labels(name).inc(len(deliveries))
        self._log_sampled(deliveries)

    def _is_wanted(self) -> bool:
        if self._subscription.is_wanted is None:
            return True
        with self._database.reading() as session:
            return self._subscription.is_wanted(session)

    def _isolate(self, session: Session, deliveries: Sequence[Delivery]) -> None:
        def give_up(delivery: Delivery, reason: str, attempts: int) -> None:
            self._give_up(session, delivery, reason, attempts)

        isolate(session, deliveries, self._subscription.handle, give_up)

    def _give_up(self, session: Session, what: Delivery | Undeliverable, reason: str, attempts: int) -> None:
        consumer = self._subscription.consumer
        _log.error("dead letter", extra={"consumer": consumer, "event_id": what.event.id, "reason": reason})
        self._dead_letters.add(
            session, what.event, consumer=consumer, topic=what.topic, reason=reason, attempts=attempts
        )

    def _log_sampled(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            traceparent = delivery.fact.traceparent
            if traceparent is not None and is_sampled(traceparent):
                _log.info(
                    "fact handled",
                    extra={
                        "consumer": self._subscription.consumer,
                        "event_type": delivery.event.type,
                        "event_id": delivery.event.id,
                        "trace_id": trace_id(traceparent),
                    },
                )


def _facts(deliveries: Sequence[Delivery]) -> list[Contract]:
    return [delivery.fact for delivery in deliveries]


def _reached(records: Sequence[Record]) -> dict[Partition, int]:
    return {(record.topic, record.partition): record.offset + 1 for record in records}
