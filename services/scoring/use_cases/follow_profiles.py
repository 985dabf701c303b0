"""Know which profile a subject is, as profile tells it."""

from __future__ import annotations

from collections.abc import Iterable

from services.scoring.use_cases.fact_ports import CustomerMap, ProfileState
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileChangedV1, ProfilesMergedV1

_SUBJECT_KINDS = ("user_id", "anonymous_id")


def follow_profiles(facts: Iterable[Contract], customers: CustomerMap) -> None:
    """Keep the newest state of each profile and every merge; the order in which they arrive makes no difference."""
    newest: dict[str, ProfileChangedV1] = {}
    merges: list[ProfilesMergedV1] = []
    for fact in facts:
        match fact:
            case ProfileChangedV1():
                known = newest.get(fact.profile_id)
                if known is None or fact.version > known.version:
                    newest[fact.profile_id] = fact
            case ProfilesMergedV1():
                merges.append(fact)
            case _:
                pass  # segment membership is nothing to scoring
    if newest:
        customers.save([_state(fact) for fact in newest.values()])
    for merge in merges:
        customers.merge(survivor=merge.profile_id, merged=merge.merged_profile_id)


def _state(fact: ProfileChangedV1) -> ProfileState:
    return ProfileState(
        profile_id=fact.profile_id,
        version=fact.version,
        changed_at=fact.changed_at,
        identified=any(identifier.kind != "anonymous_id" for identifier in fact.identifiers),
        subjects=tuple(f"{i.kind}:{i.value}" for i in fact.identifiers if i.kind in _SUBJECT_KINDS),
    )
