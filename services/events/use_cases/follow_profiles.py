"""Following profiles: which subjects are one customer, learnt from `profiles`, whose facts may come in any order."""

from __future__ import annotations

from collections.abc import Sequence

from services.events.use_cases.ports import IdentityMap, KnownProfile
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileChangedV1, ProfilesMergedV1

_SUBJECT_KINDS = frozenset({"user_id", "anonymous_id"})


def follow_profiles(facts: Sequence[Contract], identities: IdentityMap) -> None:
    """Take over the newest version of each profile, and every merge."""
    newest: dict[str, ProfileChangedV1] = {}
    for fact in facts:
        match fact:
            case ProfileChangedV1():
                held = newest.get(fact.profile_id)
                if held is None or held.version < fact.version:
                    newest[fact.profile_id] = fact
            case ProfilesMergedV1():
                identities.merge(fact.merged_profile_id, into=fact.profile_id, at=fact.merged_at)
    known = identities.versions(newest)
    identities.replace(
        {
            profile_id: KnownProfile(
                version=changed.version, changed_at=changed.changed_at, subjects=subjects_of(changed)
            )
            for profile_id, changed in newest.items()
            if known.get(profile_id, -1) < changed.version
        }
    )


def subjects_of(changed: ProfileChangedV1) -> frozenset[str]:
    """The subjects that touchpoints may carry for this profile."""
    return frozenset(f"{one.kind}:{one.value}" for one in changed.identifiers if one.kind in _SUBJECT_KINDS)
