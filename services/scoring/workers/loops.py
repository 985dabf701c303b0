"""What the worker runs: the bus, score runs, and their schedule."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from threading import Event

from sqlalchemy.exc import DBAPIError

from services.scoring.bootstrap import Wiring
from services.scoring.settings import ScoringSettings
from services.scoring.use_cases.ports import TakenOver
from shared.workers import Loop

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_SCHEDULE_EVERY_S = 5.0
_BACK_OFF_S = 5.0


def loops(settings: ScoringSettings) -> Mapping[str, Loop]:
    """Loops by name. Raises BusUnavailable when the topics cannot be created."""
    wiring = Wiring(settings)
    return {**wiring.bus_loops(), "score-runs": _score_runs(wiring), "schedule": _schedule(wiring)}


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


def _schedule(wiring: Wiring) -> Loop:
    def loop(stop: Event) -> None:
        while not stop.wait(_SCHEDULE_EVERY_S):
            try:
                wiring.request_due_run()
            except DBAPIError as error:
                _log.warning("the schedule waits for the database", extra={"reason": str(error)})

    return loop
