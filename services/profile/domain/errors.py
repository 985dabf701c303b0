"""What profile refuses to do.

::

    ProfileError
     +-- ProfileNotFound        no profile has this id or identifier
     +-- SegmentNotFound        no segment has this id
     +-- ErasureNotFound        no erasure has this id
     +-- InvalidCondition       a segment's definition that means nothing, contradicts itself or is too large
"""

from __future__ import annotations


class ProfileError(Exception):
    """The root of what profile refuses."""


class ProfileNotFound(ProfileError):
    """No profile has this id or identifier."""


class SegmentNotFound(ProfileError):
    """No segment has this id."""


class ErasureNotFound(ProfileError):
    """No erasure has this id."""


class InvalidCondition(ProfileError):
    """A segment's definition that means nothing, contradicts itself or is too large; `path`, a JSON pointer into the
    request, says where."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
