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
        latest: dict[tuple[str, str], Score] = {}
        news = list(computed)
        survivors = work.identities.survivors({score.profile_id for score in news})
        for each in news:
            if each.profile_id in survivors:  # a score of a profile that never was here can sort nobody
                score = _score(survivors[each.profile_id], each)
                key = (score.profile_id, score.model)
                if score.replaces(latest.get(key)):
                    latest[key] = score
        known = work.scores.of({profile_id for profile_id, _ in latest})
        fresh = [score for key, score in latest.items() if score.replaces(known.get(key))]
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
        as_of=computed.as_of,
        computed_at=computed.computed_at,
    )
