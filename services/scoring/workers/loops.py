"""Everything that scoring's worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.bootstrap import Wiring
from services.scoring.settings import ScoringSettings
from services.scoring.workers.score_runs import ScoreRunLoop
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop, every

_SCHEDULE_EVERY_S = 5.0


def loops(settings: ScoringSettings) -> Mapping[str, Loop]:
    """The relay, the consumers, housekeeping, score runs, and their schedule."""
    wiring = Wiring(settings)
    schedule = every(_SCHEDULE_EVERY_S, wiring.request_due_run)
    return {**bus_loops(wiring), "score-runs": ScoreRunLoop(wiring).run, "schedule": schedule}
