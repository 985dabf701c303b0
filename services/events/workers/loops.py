"""Everything that events' worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping

from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.wiring.recording import INGEST_CONSUMER
from services.events.workers.archive import ArchiveLoop
from services.events.workers.imports import ImportLoop
from services.events.workers.replays import ReplayLoop
from services.events.workers.storage import after_partitions, partitions_loop, retention_loop
from services.events.workers.webhooks import WebhookLoop
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop, every

_HOUR_S = 3600.0
_SWEEP_S = 1.0


def loops(settings: EventsSettings) -> Mapping[str, Loop]:
    """Consumers, relay and housekeeping; webhooks, imports, archive, erasures; the upkeep of what is stored."""
    return loops_of(Wiring(settings))


def loops_of(wiring: Wiring) -> Mapping[str, Loop]:
    """The same for parts that were wired already."""
    bus = bus_loops(wiring)
    webhooks, storage = wiring.webhooks, wiring.storage
    delivery = WebhookLoop(webhooks.lanes(), webhooks.sender(), wiring.settings.delivery_limits)
    return {
        **bus,
        **_archive(wiring),
        "erasures": every(_SWEEP_S, wiring.erasing.sweep.sweep),
        INGEST_CONSUMER: after_partitions(storage, bus[INGEST_CONSUMER]),
        "webhooks": delivery.run,
        "partitions": partitions_loop(storage),
        "retention": retention_loop(storage, every_s=wiring.settings.retention_every_s),
        "forget": every(_HOUR_S, wiring.recording.forget_deliveries),
        "replays": ReplayLoop(wiring.replays).run,
        "imports": ImportLoop(wiring.imports.queue(), wiring.imports.importing()).run,
        "forget-webhooks": every(_HOUR_S, webhooks.forget),
        "forget-imports": every(_HOUR_S, wiring.imports.forget),
    }


def _archive(wiring: Wiring) -> Mapping[str, Loop]:
    """The archive's loop; where none is kept it does nothing, so that it can be named in any case."""
    archive = wiring.archive
    if archive is None:
        return {"archive": every(_HOUR_S, lambda: None)}
    loop = ArchiveLoop(
        bus=lambda: wiring.bus,
        database=wiring.database,
        lease=archive.lease,
        writer=archive.writer,
        keep=archive.keep,
        erasures=archive.erasures,
        every_s=archive.every_s,
    )
    return {"archive": loop.run}
