"""From touchpoints to profiles: the whole of a batch in a few reads and writes.

Names are resolved in order of arrival; merges are then carried out; traits and orders follow, grouped by the profile
that each sighting belongs to in the end, which is the same as one by one because both combine in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.profile.domain.identifiers import USER_ID
from services.profile.domain.identity import IdentityGraph
from services.profile.domain.profile import Profile
from services.profile.domain.protection import MergePolicy
from services.profile.domain.sighting import Sighting
from services.profile.domain.traits import Observation
from services.profile.use_cases.changes import Changes, tell_changes
from services.profile.use_cases.drop_erased import drop_erased
from services.profile.use_cases.merge_profiles import merge_profiles
from services.profile.use_cases.move_members import move_members
from services.profile.use_cases.ports import Work
from services.profile.use_cases.read_sighting import PhoneReader, read_sighting
from services.profile.use_cases.record_orders import add_up_purchases, record_orders
from services.profile.use_cases.record_traits import record_traits
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1

Seen = Sequence[tuple[str, Sighting]]
"""(profile id, sighting)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyTouchpoints:
    """Takes in touchpoints, in an open transaction."""

    read_phone: PhoneReader
    clock: Clock
    policy: MergePolicy = field(default_factory=MergePolicy)

    def __call__(self, work: Work, touchpoints: Iterable[TouchpointRecordedV1]) -> list[Contract]:
        """The facts to publish, of touchpoints in order."""
        now = self.clock()
        living, erased = drop_erased(work, list(touchpoints), read_phone=self.read_phone)
        read = (read_sighting(touchpoint, read_phone=self.read_phone, now=now) for touchpoint in living)
        sightings = [sighting for sighting in read if sighting is not None]
        graph = self._graph(work, sightings, now)
        resolved = [(graph.resolve(sighting.tie), sighting) for sighting in sightings]
        changes = Changes()
        seen = [(graph.survivor_of(profile_id), sighting) for profile_id, sighting in resolved]
        for profile_id, sighting in seen:
            changes.trace(profile_id, sighting.traceparent)
        save_names(work, graph, changes, now)
        facts = merge_profiles(work, graph, changes, now)
        _note_visits(work, graph, seen)
        record_traits(work, _statements(seen), changes)
        orders = ((profile_id, sighting.order) for profile_id, sighting in seen)
        record_orders(work, ((profile_id, order) for profile_id, order in orders if order is not None), changes)
        add_up_purchases(work, changes)
        return [*erased, *facts, *tell_changes(work, changes, now), *move_members(work, changes, now)]

    def _graph(self, work: Work, sightings: Sequence[Sighting], now: datetime) -> IdentityGraph:
        names = {name for sighting in sightings for name in sighting.tie.claims}
        return IdentityGraph(work.identities.owners(names), policy=self.policy, now=now)


def save_names(work: Work, graph: IdentityGraph, changes: Changes, now: datetime) -> None:
    """Write new profiles and names; merges are left to `merge_profiles`."""
    born = [
        Profile(profile_id=identity.profile_id, version=0, created_at=now, changed_at=now) for identity in graph.created
    ]
    work.profiles.save(born)
    work.identities.attach(graph.attachments, now)
    work.identities.keep_refused(graph.refused, now)
    changes.note((graph.survivor_of(profile.profile_id) for profile in born), "birth")
    changes.note((graph.survivor_of(each.profile_id) for each in graph.attachments), "names")


def _note_visits(work: Work, graph: IdentityGraph, seen: Seen) -> None:
    """Keep when each profile was first and last seen, and whether it has a user id by now."""
    times: dict[str, list[datetime]] = {}
    for profile_id, sighting in seen:
        times.setdefault(profile_id, []).append(sighting.at)
    known = work.profiles.get(times)
    after = [
        replace(
            profile.seen(*times[profile_id]),
            identified=any(name.kind == USER_ID for name in graph.names_of(profile_id)),
        )
        for profile_id, profile in known.items()
    ]
    work.profiles.save([profile for profile in after if profile != known[profile.profile_id]])


def _statements(seen: Seen) -> dict[str, list[Observation]]:
    heard: dict[str, list[Observation]] = {}
    for profile_id, sighting in seen:
        if sighting.observations:
            heard.setdefault(profile_id, []).extend(sighting.observations)
    return heard
