"""Takes audiences and closes campaigns."""

from __future__ import annotations

import logging
import threading

from prometheus_client import Gauge
from sqlalchemy.exc import DBAPIError

from services.messaging.bootstrap import Wiring

_log = logging.getLogger(__name__)
_IDLE_S = 0.25
_RETRY_S = 2.0
WAITING = Gauge("rapport_messaging_waiting_campaigns", "campaigns that are due and wait for members of their segment")


class CampaignLoop:
    """Any number may run; a campaign's audience is taken by one at a time."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a database that is away is waited for."""
        while not stop.is_set():
            try:
                if not (self._wiring.move_campaigns() or self._wiring.hash_addresses()):
                    WAITING.set(self._wiring.waiting_campaigns())
                    stop.wait(_IDLE_S)
            except DBAPIError as error:
                _log.warning("campaigns wait", extra={"reason": str(error)})
                stop.wait(_RETRY_S)
