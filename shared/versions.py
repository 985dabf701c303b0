"""Changes that are based on a version: two people who change one thing do not overwrite each other."""

from __future__ import annotations


class VersionConflict(Exception):
    """The thing is not as the caller last saw it; read it again."""


def check_seen(seen: int | None, *, current: int) -> None:
    """Raise VersionConflict unless the caller has seen the `current` version; without a version, any will do."""
    if seen is not None and seen != current:
        raise VersionConflict(f"it is at version {current} by now")
