"""What the use cases need of storage: one transaction's view of it, in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.profile.domain.erasures import Erasure
from services.profile.domain.identifiers import Identifier
from services.profile.domain.identity import Attachment, Identity, Merge, RefusedTie
from services.profile.domain.orders import OrderRecord, Purchases
from services.profile.domain.profile import Profile
from services.profile.domain.scores import Score
from services.profile.domain.segments.conditions import Condition
from services.profile.domain.segments.segment import Membership, Segment
from services.profile.domain.traits import Observation

Traits = Mapping[str, Observation]
OrderKey = tuple[str, str]
"""(profile id, order id)."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a merged profile brought along, enough to give it back: `shared_orders` are those both had, each as it was
    with the survivor and with the merged profile."""

    merge: Merge
    profile_id: str
    traits: tuple[Observation, ...]
    orders: tuple[str, ...]
    shared_orders: tuple[tuple[OrderRecord, OrderRecord], ...]


class Identities(Protocol):
    """Names and who has them."""

    def owners(self, names: Collection[Identifier]) -> list[Identity]:
        """The profiles that have any of `names`, each with all its names."""
        ...

    def of(self, profile_ids: Collection[str]) -> list[Identity]:
        """These profiles with all their names."""
        ...

    def attach(self, attachments: Sequence[Attachment], now: datetime) -> None:
        """Write names that nobody had."""
        ...

    def keep_refused(self, refused: Sequence[RefusedTie], now: datetime) -> None:
        """Write ties that were not made, once each."""
        ...

    def merge(self, contributions: Sequence[Contribution], now: datetime) -> None:
        """Move every name to the surviving profile, and keep the records of the merges, which also redirect."""
        ...

    def survivors(self, profile_ids: Collection[str]) -> dict[str, str]:
        """For each id that was ever a profile's, the id it lives on as."""
        ...


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
        """What the orders of each profile add up to, as `domain.orders.add_up` does; those without any are missing."""
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


@dataclass(frozen=True, slots=True)
class Span:
    """Profile ids behind `after`, up to and with `to`; None does not bound it."""

    after: str | None
    to: str | None


class Segments(Protocol):
    """Segments and their members."""

    def standing(self) -> list[Segment]:
        """Those that changes of profiles are to be tried against: all that are not being deleted."""
        ...

    def get(self, segment_id: str) -> Segment | None: ...

    def save(self, segment: Segment) -> None:
        """Insert or replace."""
        ...

    def remove(self, segment_id: str, *, at_most: int) -> list[Membership]:
        """Delete so many memberships, which are the answer, and with the last of them the segment."""
        ...

    def next_span(self, segment: Segment, size: int) -> Span:
        """Where the next `size` profiles are that the segment is to be evaluated for."""
        ...

    def matching(self, condition: Condition, now: datetime, *, among: Collection[str] | Span | None = None) -> set[str]:
        """The profiles the condition holds for, of all or of some."""
        ...

    def memberships(self, segment_id: str, *, among: Collection[str] | Span) -> dict[str, Membership]:
        """By profile id; those who left are included."""
        ...

    def held_by(self, profile_ids: Collection[str]) -> list[Membership]:
        """Every membership of these profiles that stands."""
        ...

    def move(self, memberships: Sequence[Membership]) -> None:
        """Write memberships and keep each segment's size."""
        ...


class Erasures(Protocol):
    """What is to be erased, and what is left of what was: hashes of names. Names are `profile:<id>`, or kind and value
    of an identifier with a colon between them."""

    def merged_into(self, profile_id: str) -> list[str]:
        """The ids that this profile has absorbed."""
        ...

    def remove(self, profile_ids: Collection[str], *, subjects: Collection[str]) -> None:
        """Delete every row about these profiles, and dead letters about them or their subjects."""
        ...

    def record(self, erasure: Erasure) -> None:
        """Keep that and when somebody was erased."""
        ...

    def add_names(self, names: Collection[str], erasure: Erasure) -> None:
        """Remember, hashed, that these names were erased."""
        ...

    def latest(self) -> datetime | None:
        """When anybody was erased last."""
        ...

    def of(self, names: Collection[str]) -> Mapping[str, Erasure]:
        """The last erasure of each name that was ever erased."""
        ...


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
