"""Keeping the latest score of each model, so that segments can ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.profile.domain.scores import Score
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.move_members import move_members
from services.profile.use_cases.ports import Work
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.scoring import ScoreComputedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyScores:
    """Call it with an open transaction and scores in any order; it answers with the facts to publish."""

    clock: Clock

    def __call__(self, work: Work, computed: Iterable[ScoreComputedV1]) -> list[Contract]:
        now = self.clock()
        latest: dict[tuple[str, str], ScoreComputedV1] = {}
        news = list(computed)
        survivors = work.identities.survivors({score.profile_id for score in news})
        for score in news:
            if score.profile_id in survivors:  # a score of a profile that never was here can sort nobody
                key = (survivors[score.profile_id], score.model)
                if key not in latest or score.computed_at > latest[key].computed_at:
                    latest[key] = score
        known = work.scores.of({profile_id for profile_id, _ in latest})
        fresh = [
            _score(profile_id, score)
            for (profile_id, model), score in latest.items()
            if (profile_id, model) not in known or score.computed_at > known[profile_id, model].computed_at
        ]
        work.scores.save(fresh)
        changes = Changes()
        changes.note((score.profile_id for score in fresh), "scores")
        return move_members(work, changes, now)


def _score(profile_id: str, computed: ScoreComputedV1) -> Score:
    return Score(
        profile_id=profile_id,
        model=computed.model,
        value=computed.value,
        label=computed.label,
        values=computed.values,
        computed_at=computed.computed_at,
    )
