"""Taking in statements about traits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.profile.domain.traits import Observation, settle
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.ports import Work


def record_traits(work: Work, heard: Mapping[str, Sequence[Observation]], changes: Changes) -> None:
    """Settle what was `heard` of each profile with what is known, and keep the history."""
    if not heard:
        return
    known = work.traits.current(heard)
    settled = {profile_id: settle(known.get(profile_id, {}), statements) for profile_id, statements in heard.items()}
    work.traits.save({profile_id: result.current for profile_id, result in settled.items()})
    work.traits.remember((profile_id, each) for profile_id, result in settled.items() for each in result.history)
    changes.note((profile_id for profile_id, result in settled.items() if result.changed), "traits")
