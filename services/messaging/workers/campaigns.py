"""Takes audiences and closes campaigns."""

from __future__ import annotations

import threading

from prometheus_client import Gauge

from services.messaging.bootstrap import Wiring
from shared.workers.loops import work_until

_IDLE_S = 0.25
WAITING = Gauge("rapport_messaging_waiting_campaigns", "campaigns that are due and wait for members of their segment")


class CampaignLoop:
    """Any number may run; a campaign's audience is taken by one at a time."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a database that is away is waited for."""
        work_until(stop, self._step, rest_s=_IDLE_S)

    def _step(self) -> bool:
        if self._wiring.move_campaigns() or self._wiring.hash_addresses():
            return True
        WAITING.set(self._wiring.waiting_campaigns())
        return False
