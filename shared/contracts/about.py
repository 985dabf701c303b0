"""Whom a fact is about: the names that an erasure is remembered by, and from when on a fact is of a new customer."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import ProfileErasedV1

EVER = datetime.min.replace(tzinfo=UTC)
"""Before every erasure: the moment of what is dropped whenever it came."""

_PROFILES = ("profile_id", "merged_profile_id")


def profile_name(profile_id: str) -> str:
    """The name of a profile, beside which subjects such as `user_id:17850` are names too."""
    return f"profile:{profile_id}"


def names_in(fact: Contract) -> tuple[str, ...]:
    """Whom the fact is about; nobody for the word of an erasure itself."""
    match fact:
        case ProfileErasedV1():
            return ()
        case TouchpointRecordedV1():
            return (fact.subject,)
        case _:
            ids = (getattr(fact, field, None) for field in _PROFILES)
            return tuple(profile_name(profile_id) for profile_id in ids if profile_id)


def moment_of(fact: Contract) -> datetime:
    """When what a touchpoint tells was received; before every erasure for all else: ids of profiles never come back."""
    return fact.received_at if isinstance(fact, TouchpointRecordedV1) else EVER


def names_erased(fact: ProfileErasedV1) -> list[str]:
    """The names that are erased."""
    return [*map(profile_name, sorted(fact.profile_ids)), *fact.subjects]
