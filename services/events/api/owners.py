"""Whose things a caller may see."""

from __future__ import annotations

from services.events.domain.owners import EVERYBODY, Owner
from shared.auth.keys import EVERYTHING, Caller


def owner_of(caller: Caller) -> Owner:
    """The caller's own, or for an administrator everybody."""
    return EVERYBODY if EVERYTHING in caller.scopes else Owner(caller.owner)
