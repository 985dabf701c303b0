"""Whose things a use case is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose things are meant: those of one owner of API keys, or with None everybody's, for an administrator.

    Whatever reads or changes what somebody owns is made with one, so that it cannot be forgotten.
    """

    id: str | None


EVERYBODY = Owner(None)
