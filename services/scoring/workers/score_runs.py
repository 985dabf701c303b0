"""Does the score runs that were asked for."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from services.scoring.bootstrap import Wiring
from services.scoring.use_cases.ports import TakenOver
from shared.sql.troubles import is_trouble
from shared.workers.loops import work_until

_log = logging.getLogger(__name__)
_IDLE_S = 1.0


class ScoreRunLoop:
    """Of several workers, the one that holds the lease does the runs."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def run(self, stop: threading.Event) -> None:
        """Do runs until `stop` is set; a database that is away is waited for."""
        work_until(stop, lambda: self._step(stop), rest_s=_IDLE_S, away=Exception)
        with suppress(DBAPIError):  # then the lease runs out by itself
            self._wiring.run_lease.release()

    def _step(self, stop: threading.Event) -> bool:
        try:
            return self._wiring.perform_next_run(ending=stop.is_set)
        except TakenOver as lost:
            _log.warning("a run was taken over", extra={"reason": str(lost)})
            return False
        except Exception as error:  # counted on the run, which fails for good after some
            if not is_trouble(error):
                _log.exception("a score run failed")
            raise
