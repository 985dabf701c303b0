"""Making one profile of two: everything the merged one had is taken in by the survivor, and recorded as its part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.profile.domain.identity import IdentityGraph, Merge
from services.profile.domain.orders import OrderRecord
from services.profile.domain.traits import Observation, settle
from services.profile.use_cases.changes import Changes
from services.profile.use_cases.identity_ports import Contribution
from services.profile.use_cases.move_members import leave_segments
from services.profile.use_cases.ports import Work
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfilesMergedV1

Moves = Mapping[str, str]
"""Survivor by merged profile id; a survivor is never a key."""


def merge_profiles(work: Work, graph: IdentityGraph, changes: Changes, now: datetime) -> list[Contract]:
    """Carry out the merges that `graph` found, in their order. The facts to publish."""
    if not graph.merges:
        return []
    moves = {merge.merged_id: graph.survivor_of(merge.merged_id) for merge in graph.merges}
    left = leave_segments(work, moves, now)  # whether the survivor enters is tried afterwards
    estates = _Estates.load(work, graph.merges)
    contributions = [estates.fold(merge, moves[merge.merged_id]) for merge in graph.merges]
    estates.save(work, moves.values())
    _take_in_scores(work, moves)
    _take_in_rows(work, moves)
    work.identities.merge(contributions, now)
    for change in ("names", "traits", "purchases", "scores"):
        changes.note(moves.values(), change)
    told = [
        ProfilesMergedV1(
            profile_id=survivor, merged_profile_id=merged, merged_at=now, traceparent=changes.traces.get(survivor)
        )
        for merged, survivor in moves.items()
    ]
    return [*left, *told]


@dataclass(slots=True)
class _Estates:
    """Traits and orders of the profiles that merge, by profile id."""

    traits: dict[str, dict[str, Observation]]
    orders: dict[str, dict[str, OrderRecord]]

    @classmethod
    def load(cls, work: Work, merges: Iterable[Merge]) -> _Estates:
        """All that merged profiles have, and what of the survivors' it can meet."""
        merged = {merge.merged_id for merge in merges}
        everyone = merged | {merge.survivor_id for merge in merges}
        records = work.orders.of(merged)
        order_ids = {order_id for _, order_id in records}
        records |= work.orders.find({(profile_id, order_id) for profile_id in everyone for order_id in order_ids})
        orders: dict[str, dict[str, OrderRecord]] = {profile_id: {} for profile_id in everyone}
        for (profile_id, order_id), record in records.items():
            orders[profile_id][order_id] = record
        traits = work.traits.current(everyone)
        return cls({profile_id: traits.get(profile_id, {}) for profile_id in everyone}, orders)

    def fold(self, merge: Merge, profile_id: str) -> Contribution:
        """Give the survivor what the merged profile has; `profile_id` is who it is in the end."""
        mine, theirs = self.orders[merge.survivor_id], self.orders.pop(merge.merged_id)
        shared = tuple((mine[order_id], record) for order_id, record in theirs.items() if order_id in mine)
        for order_id, record in theirs.items():
            mine[order_id] = mine[order_id].combine(record) if order_id in mine else record
        kept, brought = self.traits[merge.survivor_id], tuple(self.traits.pop(merge.merged_id).values())
        kept.update(settle(kept, brought).current)
        return Contribution(merge, profile_id, brought, tuple(theirs), shared)

    def save(self, work: Work, survivors: Iterable[str]) -> None:
        """Write what the survivors have now."""
        distinct = set(survivors)
        work.traits.save({profile_id: self.traits[profile_id] for profile_id in distinct})
        work.orders.save(
            {
                (profile_id, order_id): record
                for profile_id in distinct
                for order_id, record in self.orders[profile_id].items()
            }
        )


def _take_in_scores(work: Work, moves: Moves) -> None:
    scores = work.scores.of({*moves, *moves.values()})
    latest = {key: score for key, score in scores.items() if key[0] not in moves}
    for (profile_id, model), score in scores.items():
        if profile_id in moves:
            key = (moves[profile_id], model)
            if score.replaces(latest.get(key)):
                latest[key] = replace(score, profile_id=key[0])
    work.scores.save(list(latest.values()))


def _take_in_rows(work: Work, moves: Moves) -> None:
    profiles = work.profiles.get({*moves, *moves.values()})
    for profile_id, survivor in moves.items():
        merged = profiles[profile_id]
        profiles[survivor] = profiles[survivor].seen(merged.first_seen_at, merged.last_seen_at)
    work.profiles.save([profiles[survivor] for survivor in set(moves.values())])
    work.traits.move(moves)
    work.orders.remove(moves)
    work.scores.remove(moves)
    work.profiles.remove(moves)
