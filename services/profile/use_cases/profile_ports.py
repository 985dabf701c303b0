"""What storage keeps of each profile: its row, traits, orders and scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from services.profile.domain.orders import OrderRecord, Purchases
from services.profile.domain.profile import Profile
from services.profile.domain.scores import Score
from services.profile.domain.traits import Observation

Traits = Mapping[str, Observation]
OrderKey = tuple[str, str]
"""(profile id, order id)."""


class Profiles(Protocol):
    """The rows of profiles."""

    def get(self, profile_ids: Collection[str]) -> dict[str, Profile]: ...

    def save(self, profiles: Sequence[Profile]) -> None:
        """Insert or replace."""
        ...

    def remove(self, profile_ids: Collection[str]) -> None: ...


class TraitLedger(Protocol):
    """Current traits and their history."""

    def current(self, profile_ids: Collection[str]) -> dict[str, dict[str, Observation]]: ...

    def save(self, current: Mapping[str, Traits]) -> None:
        """Replace the given traits of each profile."""
        ...

    def remember(self, history: Iterable[tuple[str, Observation]]) -> None:
        """Add (profile id, statement) to the history; one already there stays."""
        ...

    def move(self, moves: Mapping[str, str]) -> None:
        """Take the current traits of merged profiles away and give their history to the survivor."""
        ...


class Orders(Protocol):
    """Orders by profile."""

    def find(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRecord]: ...

    def of(self, profile_ids: Collection[str]) -> dict[OrderKey, OrderRecord]: ...

    def save(self, orders: Mapping[OrderKey, OrderRecord]) -> None:
        """Insert or replace."""
        ...

    def remove(self, profile_ids: Collection[str]) -> None: ...

    def totals(self, profile_ids: Collection[str]) -> dict[str, Purchases]:
        """What the orders of each profile add up to; those without any are missing."""
        ...


class Scores(Protocol):
    """The latest score of each model."""

    def of(self, profile_ids: Collection[str]) -> dict[tuple[str, str], Score]:
        """By (profile id, model)."""
        ...

    def save(self, scores: Sequence[Score]) -> None:
        """Insert or replace."""
        ...

    def withdraw(self, places: Collection[tuple[str, str]]) -> None:
        """Forget those of these (profile id, model)."""
        ...

    def remove(self, profile_ids: Collection[str]) -> None:
        """Forget all of these profiles."""
        ...
