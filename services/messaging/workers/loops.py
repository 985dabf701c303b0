"""Everything that messaging's worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping

from services.messaging.bootstrap import Wiring
from services.messaging.settings import MessagingSettings
from services.messaging.workers.campaigns import CampaignLoop
from services.messaging.workers.dispatch import DispatchLoop
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop


def loops(settings: MessagingSettings) -> Mapping[str, Loop]:
    """The relay, the consumer, housekeeping, audiences, and dispatch."""
    wiring = Wiring(settings)
    return {**bus_loops(wiring), "campaigns": CampaignLoop(wiring).run, "dispatch": DispatchLoop(wiring).run}
