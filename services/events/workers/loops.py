"""Everything that events' worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping

from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.workers.webhooks import WebhookDelivery
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
    webhooks = wiring.webhooks
    delivery = WebhookDelivery(webhooks.lanes(), webhooks.sender(), wiring.settings.delivery_limits)
    return {
        **bus,
        "webhooks": delivery.run,
        "forget": every(_HOUR_S, wiring.forget_messages),
        "forget-webhooks": every(_HOUR_S, webhooks.forget),
    }
