"""Everything that scoring's worker runs, by name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from threading import Event

from sqlalchemy.exc import DBAPIError

from services.scoring.bootstrap import Wiring
from services.scoring.settings import ScoringSettings
from services.scoring.use_cases.ports import TakenOver
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop, every

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_SCHEDULE_EVERY_S = 5.0
_BACK_OFF_S = 5.0


def loops(settings: ScoringSettings) -> Mapping[str, Loop]:
    """The relay, the consumers, housekeeping, score runs, and their schedule."""
    wiring = Wiring(settings)
    schedule = every(_SCHEDULE_EVERY_S, wiring.request_due_run)
    return {**bus_loops(wiring), "score-runs": _score_runs(wiring), "schedule": schedule}


def _score_runs(wiring: Wiring) -> Loop:
    def loop(stop: Event) -> None:
        while not stop.is_set():
            try:
                busy = wiring.perform_next_run(ending=stop.is_set)
            except TakenOver as lost:
                _log.warning("a run was taken over", extra={"reason": str(lost)})
                busy = False
            except Exception:  # noqa: BLE001 - counted on the run, which fails for good after some
                _log.exception("a score run failed")
                stop.wait(_BACK_OFF_S)
                continue
            if not busy:
                stop.wait(_LOOK_EVERY_S)
        with suppress(DBAPIError):  # then the lease runs out by itself
            wiring.run_lease.release()

    return loop
