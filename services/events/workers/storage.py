"""The loops that keep the store: partitions ahead and behind, and the end of what was kept long enough."""

from __future__ import annotations

import collections
import logging
import threading
from collections.abc import Mapping
from functools import partial

from prometheus_client import Counter

from services.events.use_cases.retention.apply_retention import apply_retention
from services.events.wiring.storage import StorageWiring
from shared.workers.loops import Loop, every, insist, work_until

_log = logging.getLogger(__name__)
REMOVED = Counter("rapport_events_retention_removed_total", "touchpoints that retention has removed", ["kind"])
_PARTITIONS_EVERY_S = 3600.0
_RETRY_S = 30.0  # writers wait behind whoever waits to change partitions


def partitions_loop(storage: StorageWiring) -> Loop:
    """Make partitions ahead, and forget the messages of days gone by."""
    return every(_PARTITIONS_EVERY_S, partial(_keep_partitions, storage), retry_s=_RETRY_S)


def retention_loop(storage: StorageWiring, *, every_s: float) -> Loop:
    """Remove what is due, every so often."""
    retry_s = min(every_s, _RETRY_S)
    return lambda stop: work_until(stop, partial(_sweep, storage, stop), rest_s=every_s, retry_s=retry_s)


def after_partitions(storage: StorageWiring, loop: Loop) -> Loop:
    """The loop, begun once there are partitions to write to: after a long stop the months at hand may have run out."""

    def begin(stop: threading.Event) -> None:
        insist(stop, partial(_make_ahead, storage))
        loop(stop)

    return begin


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
