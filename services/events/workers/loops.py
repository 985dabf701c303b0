"""Everything that events' worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping

from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from shared.bus_loops import bus_loops
from shared.workers import Loop, every

_HOUR_S = 3600.0


def loops(settings: EventsSettings) -> Mapping[str, Loop]:
    """The relay, the two consumers, housekeeping, and the end of what duplicates are recognised by."""
    return loops_of(Wiring(settings))


def loops_of(wiring: Wiring) -> Mapping[str, Loop]:
    """The same for parts that were wired already."""
    bus = bus_loops(
        bus=wiring.bus,
        database=wiring.database,
        dead_letters=wiring.dead_letters,
        subscriptions=wiring.subscriptions(),
    )
    return {**bus, "forget": every(_HOUR_S, wiring.forget_messages)}
