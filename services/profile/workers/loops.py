"""Everything that profile's worker runs, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from services.profile.bootstrap import Wiring
from services.profile.settings import ProfileSettings
from services.profile.workers.segments import SegmentLoop
from shared.sql.leases import Lease
from shared.workers.bus_loops import bus_loops
from shared.workers.loops import Loop


def loops(settings: ProfileSettings) -> Mapping[str, Loop]:
    """The relay, the consumers, housekeeping, and the segments' own loop."""
    wiring = Wiring(settings)
    segments = SegmentLoop(
        database=wiring.database,
        outbox=wiring.outbox,
        work=wiring.work,
        refresh=wiring.refresh_segment,
        lease=Lease(wiring.database, "profile-segments", seconds=5),
        every=timedelta(seconds=settings.profile_segment_refresh_s),
        clock=wiring.clock,
    )
    return {**bus_loops(wiring), "segments": segments.run}
