"""Setting traits by hand or program, outside the stream of touchpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.profile.domain.errors import ProfileNotFound
from services.profile.domain.identity import IdentityGraph
from services.profile.domain.protection import MergePolicy
from services.profile.domain.traits import Observation
from services.profile.use_cases.apply_touchpoints import save_names
from services.profile.use_cases.changes import Changes, tell_changes
from services.profile.use_cases.move_members import move_members
from services.profile.use_cases.ports import Work
from services.profile.use_cases.read_sighting import PhoneReader, address_names
from services.profile.use_cases.record_traits import record_traits
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.versions import check_seen

SOURCE = "api"
"""The source id of what was set here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTraits:
    """Sets traits of one profile, in an open transaction.

    An e-mail or phone set here becomes a name of the profile if nobody has it; it never merges two profiles, for a
    slip of the keyboard must not.
    """

    read_phone: PhoneReader
    clock: Clock
    new_id: Callable[[], str]
    policy: MergePolicy = field(default_factory=MergePolicy)

    def __call__(
        self, work: Work, profile_id: str, values: Mapping[str, Any], *, seen: int | None = None
    ) -> list[Contract]:
        """The facts to publish. A value of None takes a trait back.

        Raises ProfileNotFound, and VersionConflict when the profile is not at the version `seen`.
        """
        now = self.clock()
        profile = work.profiles.get([profile_id]).get(profile_id)
        if profile is None:
            raise ProfileNotFound(profile_id)
        check_seen(seen, current=profile.version)
        statement_id = self.new_id()
        names = list(address_names(values, {}, self.read_phone))
        identities = {each.profile_id: each for each in work.identities.owners(names)}
        identities |= {each.profile_id: each for each in work.identities.of([profile_id])}
        graph = IdentityGraph(identities.values(), policy=self.policy, now=now)
        for name in names:
            graph.attach(profile_id, name, statement_id)
        changes = Changes()
        save_names(work, graph, changes, now)
        statements = [Observation(key, value, SOURCE, statement_id, now, now) for key, value in values.items()]
        record_traits(work, {profile_id: statements}, changes)
        return [*tell_changes(work, changes, now), *move_members(work, changes, now)]
