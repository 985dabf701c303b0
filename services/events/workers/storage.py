"""The loops that keep the store: partitions ahead and behind, and the end of what was kept long enough."""

from __future__ import annotations

import collections
import logging
import threading
from collections.abc import Mapping
from functools import partial

from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError

from services.events.use_cases.retention.apply_retention import apply_retention
from services.events.wiring.storage import StorageWiring
from shared.workers.loops import Loop

_log = logging.getLogger(__name__)
REMOVED = Counter("rapport_events_retention_removed_total", "touchpoints that retention has removed", ["kind"])
_PARTITIONS_EVERY_S = 3600.0
_RETRY_S = 30.0


def partitions_loop(storage: StorageWiring) -> Loop:
    """Make partitions ahead, and forget the messages of days gone by."""

    def keep(stop: threading.Event) -> None:
        while not stop.is_set():
            done = _attempt("partitions wait", partial(_keep_partitions, storage))
            stop.wait(_PARTITIONS_EVERY_S if done else _RETRY_S)

    return keep


def retention_loop(storage: StorageWiring, *, every_s: float) -> Loop:
    """Remove what is due, every so often."""

    def keep(stop: threading.Event) -> None:
        while not stop.is_set():
            done = _attempt("retention waits", partial(_sweep, storage, stop))
            stop.wait(every_s if done else min(every_s, _RETRY_S))

    return keep


def after_partitions(storage: StorageWiring, loop: Loop) -> Loop:
    """The loop, begun once there are partitions to write to: after a long stop the months at hand may have run out."""

    def begin(stop: threading.Event) -> None:
        while not stop.is_set() and not _attempt("partitions wait", partial(_make_ahead, storage)):
            stop.wait(1.0)
        if not stop.is_set():
            loop(stop)

    return begin


def _attempt(trouble: str, action: partial[None]) -> bool:
    """Whether it was done; a database that is away or busy is only said, for there is a next time."""
    try:
        action()
    except DBAPIError as error:
        _log.warning(trouble, extra={"reason": str(error)})
        return False
    return True


def _make_ahead(storage: StorageWiring) -> None:
    made = storage.partitions.make_ahead(storage.clock())
    if made:
        _log.info("partitions made", extra={"partitions": made})


def _keep_partitions(storage: StorageWiring) -> None:
    if not storage.partitions_lease.hold():
        return
    _make_ahead(storage)
    storage.forget_messages()


def _sweep(storage: StorageWiring, stop: threading.Event) -> None:
    if not storage.retention_lease.hold():
        return
    total: collections.Counter[str] = collections.Counter()

    def count(kinds: Mapping[str, int], part: str | None) -> None:
        total.update(kinds)
        for kind, number in kinds.items():
            REMOVED.labels(kind).inc(number)
        if part is not None:
            _log.info("partition dropped", extra={"partition": part, "removed": dict(kinds)})

    def may_go_on() -> bool:
        return not stop.is_set() and storage.retention_lease.hold()

    apply_retention(storage.due, clock=storage.clock, may_go_on=may_go_on, removed=count)
    if total:
        _log.info("touchpoints removed", extra={"removed": dict(total)})
