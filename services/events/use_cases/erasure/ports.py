"""What erasing customers needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToErase:
    """Who has to be erased still, and from when on it is somebody new."""

    id: str
    subjects: Sequence[str]
    profile_ids: Sequence[str]
    until: datetime
