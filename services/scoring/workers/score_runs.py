"""Does the score runs that were asked for."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from services.scoring.bootstrap import Wiring
from services.scoring.use_cases.ports import TakenOver
from shared.sql.troubles import is_trouble

_log = logging.getLogger(__name__)
_IDLE_S = 1.0
_RETRY_S = 5.0


class ScoreRunLoop:
    """Of several workers, the one that holds the lease does the runs."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def run(self, stop: threading.Event) -> None:
        """Do runs until `stop` is set; a database that is away is waited for."""
        while not stop.is_set():
            try:
                busy = self._wiring.perform_next_run(ending=stop.is_set)
            except TakenOver as lost:
                _log.warning("a run was taken over", extra={"reason": str(lost)})
                busy = False
            except Exception as error:  # noqa: BLE001 - counted on the run, which fails for good after some
                if is_trouble(error):
                    _log.warning("score runs wait for the database", extra={"reason": str(error)})
                else:
                    _log.exception("a score run failed")
                stop.wait(_RETRY_S)
                continue
            if not busy:
                stop.wait(_IDLE_S)
        with suppress(DBAPIError):  # then the lease runs out by itself
            self._wiring.run_lease.release()
