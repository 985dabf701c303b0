"""What the use cases need of storage: one transaction's view of it, in bulk."""

from __future__ import annotations

from typing import Protocol

from services.profile.use_cases.erasure_ports import Erasures
from services.profile.use_cases.identity_ports import Identities
from services.profile.use_cases.profile_ports import Orders, Profiles, Scores, TraitLedger
from services.profile.use_cases.segment_ports import Segments


class Work(Protocol):
    """Storage inside one transaction. While it is open nobody else writes profiles."""

    @property
    def identities(self) -> Identities: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def traits(self) -> TraitLedger: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def scores(self) -> Scores: ...
    @property
    def segments(self) -> Segments: ...
    @property
    def erasures(self) -> Erasures: ...
