"""The loop that reads topics and hands facts to a service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from time import monotonic, perf_counter

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.backoff import backoff_s
from shared.bus.ports import Bus, BusError, Consumer, Partition, Positions, Record
from shared.clock import Clock, utc_now
from shared.inbox import positions
from shared.inbox.batches import Batch, batch_of, log_sampled, reached_by
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.deliveries import Delivery, Undeliverable
from shared.inbox.isolation import isolate
from shared.inbox.positions import Overtaken
from shared.inbox.replay import replay_requested
from shared.inbox.subscription import Subscription
from shared.sql.database import Database
from shared.telemetry.metrics import CONSUMED_FACTS, CONSUMER_BATCH_SECONDS, DEAD_LETTERS

_log = logging.getLogger(__name__)
_SUSPECT_AFTER = 5
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.2, 5.0
_PASS_OVER_S = 1.0
"""How long a position may stay behind what nobody wants: to move it costs as much as a batch does."""


class ConsumerLoop:
    """Feeds one subscription from the bus, exactly once as far as its database is concerned.

    While a batch is committed in a thread of its own the next one is read and prepared.
    """

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
        self._passed_over: dict[Partition, int] = {}
        self._pass_over_at = 0.0
        self._passes_over = False
        self._under_way: tuple[Batch, Future[None]] | None = None
        self._failures = 0
        DEAD_LETTERS.labels(subscription.consumer)  # from nought: alerts see no increase in a series that begins at one

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set. A bus or database that is away is waited for; nothing is skipped."""
        name, topics = self._subscription.consumer, [topic.name for topic in self._subscription.topics]
        with ThreadPoolExecutor(1, f"{name}-commit") as committing:
            while not stop.is_set():
                try:
                    consumer = self._bus.consumer(name, topics, start_at=self._start_at)
                    try:
                        self._consume(consumer, committing, stop)
                    finally:
                        self._wait()
                        self._under_way = None
                        consumer.close()
                except (BusError, DBAPIError, Overtaken) as error:
                    self._failures += 1
                    _log.warning("consumer waits", extra={"consumer": name, "reason": str(error)})
                    stop.wait(backoff_s(self._failures, first_s=_FIRST_BACKOFF_S, longest_s=_LONGEST_BACKOFF_S))

    def apply(self, records: Sequence[Record]) -> None:
        """Commit the effect of `records` together with the position behind them.

        Raises sqlalchemy.exc.DBAPIError or Overtaken with nothing done.
        """
        self._apply(self._read(records))

    def _start_at(self, partitions: Iterable[Partition]) -> Positions:
        self._wait()  # or its records would be read again
        assigned = set(partitions)
        with self._database.reading() as session:
            found = positions.load(session, self._subscription.consumer, assigned)
        kept = {place: offset for place, offset in self._believed.items() if place not in assigned}
        self._believed = kept | found
        self._passed_over = {place: at for place, at in self._passed_over.items() if place not in assigned}
        return found

    def _consume(self, consumer: Consumer, committing: Executor, stop: threading.Event) -> None:
        while not stop.is_set():
            records = self._polled(consumer)
            batch = self._due(self._read(records)) if records or self._passed_over else None
            self._settle(consumer)
            if batch:
                self._under_way = batch, committing.submit(self._apply, batch)
            elif not records:
                name, handle = self._subscription.consumer, self._subscription.handle
                replay_requested(self._database, name, handle, clock=self._clock)
        self._settle(consumer)

    def _polled(self, consumer: Consumer) -> Sequence[Record]:
        if self._passes_over:  # as much as there is: no transaction takes it in
            return consumer.poll(timeout_s=0.5)
        most_records, most_bytes = self._subscription.max_records, self._subscription.max_bytes
        return consumer.poll(max_records=most_records, max_bytes=most_bytes, timeout_s=0.5)

    def _wait(self) -> None:
        if self._under_way:
            wait([self._under_way[1]])

    def _settle(self, consumer: Consumer) -> None:
        """Wait for the batch under way; raises what kept it from being committed."""
        if self._under_way is None:
            return
        (batch, commit), self._under_way = self._under_way, None
        commit.result()
        consumer.report(batch.reached)
        self._failures = 0

    def _read(self, records: Sequence[Record]) -> Batch:
        records = positions.ahead(records, self._believed)
        self._passes_over = not self._is_wanted()
        return batch_of(() if self._passes_over else records, self._subscription, reached=reached_by(records))

    def _due(self, batch: Batch) -> Batch | None:
        """The batch with what was passed over before it; None while all there is to do is to move a position."""
        reached = self._passed_over | batch.reached
        if not batch.records and monotonic() < self._pass_over_at:
            self._passed_over = reached
            return None
        self._passed_over, self._pass_over_at = {}, monotonic() + _PASS_OVER_S
        return replace(batch, reached=reached)

    def _is_wanted(self) -> bool:
        if self._subscription.is_wanted is None:
            return True
        with self._database.reading() as session:
            return self._subscription.is_wanted(session)

    def _apply(self, batch: Batch) -> None:
        try:
            self._commit(batch)
        except Overtaken:
            raise
        except DBAPIError:
            # A database that is away fails every batch; one that answers again and again fails this one.
            if self._failures < _SUSPECT_AFTER:
                raise
            self._commit(batch, isolated=True)
        except Exception:  # noqa: BLE001 - any fault of a handler: find the fact that causes it
            _log.exception("a batch failed, isolating", extra={"consumer": self._subscription.consumer})
            self._commit(batch, isolated=True)

    def _commit(self, batch: Batch, *, isolated: bool = False) -> None:
        name = self._subscription.consumer
        with self._database.transaction() as session:
            positions.advance(session, name, believed=self._believed, reached=batch.reached)
            fresh = positions.unseen(session, name, batch.records, now=self._clock())
            if len(fresh) < len(batch.records):
                batch = batch_of(fresh, self._subscription, reached=batch.reached)
            for undeliverable in batch.bad:
                self._give_up(session, undeliverable, undeliverable.reason, 1)
            if batch.effect is not None and not isolated:
                batch.effect(session)
            elif batch.deliveries:
                self._isolate(session, batch.deliveries)
        self._believed |= batch.reached
        CONSUMER_BATCH_SECONDS.labels(name).observe(perf_counter() - batch.began)
        CONSUMED_FACTS.labels(name).inc(len(batch.deliveries))
        log_sampled(name, batch.deliveries)

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
