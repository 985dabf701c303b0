"""What a consumer has read and not committed yet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from sqlalchemy.exc import DBAPIError

from shared.bus.ports import Partition, Record
from shared.contracts.contract import Contract
from shared.inbox.deliveries import Delivery, Undeliverable, deliveries_of
from shared.inbox.isolation import Effect
from shared.inbox.subscription import Subscription
from shared.telemetry.trace import is_sampled, trace_id

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records, and all that was found out about them before their transaction.

    `reached` are the positions behind everything that was read, also behind what nobody wanted and `records` lacks.
    `effect` is None where it could not be prepared: then the facts have to be handled one by one.
    """

    records: Sequence[Record]
    reached: dict[Partition, int]
    deliveries: Sequence[Delivery]
    bad: Sequence[Undeliverable]
    effect: Effect | None
    began: float = field(default_factory=perf_counter)


def batch_of(records: Sequence[Record], subscription: Subscription, *, reached: dict[Partition, int]) -> Batch:
    """Decode records and prepare their effect. Raises sqlalchemy.exc.DBAPIError when that needed the database."""
    began = perf_counter()
    deliveries, bad = deliveries_of(records)
    effect = _prepared(subscription, [delivery.fact for delivery in deliveries])
    return Batch(records=records, reached=reached, deliveries=deliveries, bad=bad, effect=effect, began=began)


def _prepared(subscription: Subscription, facts: Sequence[Contract]) -> Effect | None:
    try:
        return subscription.prepared(facts)
    except DBAPIError:
        raise
    except Exception:  # noqa: BLE001 - any fault of a handler: find the fact that causes it
        _log.exception("a batch cannot be prepared, isolating", extra={"consumer": subscription.consumer})
        return None


def reached_by(records: Sequence[Record]) -> dict[Partition, int]:
    """The positions behind `records`."""
    return {(record.topic, record.partition): record.offset + 1 for record in records}


def log_sampled(consumer: str, deliveries: Sequence[Delivery]) -> None:
    """Leave a trace of the facts whose requests are traced."""
    for delivery in deliveries:
        traceparent = delivery.fact.traceparent
        if traceparent is not None and is_sampled(traceparent):
            _log.info(
                "fact handled",
                extra={
                    "consumer": consumer,
                    "event_type": delivery.event.type,
                    "event_id": delivery.event.id,
                    "trace_id": trace_id(traceparent),
                },
            )
