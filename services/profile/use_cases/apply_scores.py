"""Keeping the latest score of each model, so that segments can ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.scores import Score
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.move_members import move_members
from services.profile.use_cases.ports import Work
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.scoring import ScoreComputedV1, ScoreWithdrawnV1

_News = tuple[tuple[str, str], ScoreComputedV1 | ScoreWithdrawnV1]
"""What was told of a (profile id, model)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyScores:
    """Takes in what scoring tells, in an open transaction."""

    clock: Clock

    def __call__(self, work: Work, told: Sequence[ScoreComputedV1 | ScoreWithdrawnV1]) -> list[Contract]:
        """The facts to publish, of facts in any order."""
        now = self.clock()
        survivors = work.identities.survivors({fact.profile_id for fact in told})
        # A score of a profile that never was here can sort nobody.
        news = [((survivors[fact.profile_id], fact.model), fact) for fact in told if fact.profile_id in survivors]
        known = work.scores.of({profile_id for (profile_id, _), _ in news})
        latest = _latest(known, news)
        fresh = [score for place, score in latest.items() if score is not known.get(place)]
        gone = known.keys() - latest.keys()
        work.scores.save(fresh)
        work.scores.withdraw(gone)
        changes = Changes()
        changes.note((*(score.profile_id for score in fresh), *(profile_id for profile_id, _ in gone)), "scores")
        return move_members(work, changes, now)


def _latest(known: Mapping[tuple[str, str], Score], news: Sequence[_News]) -> dict[tuple[str, str], Score]:
    """What stands when all is heard, by (profile id, model)."""
    latest = dict(known)
    for place, fact in news:
        if isinstance(fact, ScoreComputedV1) and (score := _score(place[0], fact)).replaces(latest.get(place)):
            latest[place] = score
    for place, fact in news:
        if isinstance(fact, ScoreWithdrawnV1) and place in latest and latest[place].as_of < fact.as_of:
            del latest[place]
    return latest


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
