"""What the use cases need of the world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from shared.bus.cloudevents import Event
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.ingest import IngestReceivedV1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends: an app, a shop, a partner. `default_currency` (ISO 4217) is meant where its orders name none.

    `owner` is whose API key made it; None where that is not known.
    """

    id: str
    name: str
    created_at: datetime
    default_currency: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A live write key; the key itself is not in it. `hint` is how it begins."""

    id: str
    source_id: str
    hint: str
    created_at: datetime


class Seen(NamedTuple):
    """One message that arrived: the day it did, the hash of source and message id, and how its touchpoint's id begins.

    A whole id would make the index of what was seen half as large again, and that is what recording has to write.
    """

    bucket: int
    hash: bytes
    touchpoint_start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProfile:
    """One version of a profile: when profile made it, and the subjects that it has then."""

    version: int
    changed_at: datetime
    subjects: frozenset[str]


class Draft(msgspec.Struct, frozen=True, gc=False):
    """All that is to be kept and told of a touchpoint, made before there is a transaction.

    `row` is as the store takes it, `event` what goes out.
    """

    touchpoint: TouchpointRecordedV1
    row: tuple[Any, ...]
    event: Event
    seen: Seen


class Drafting(Protocol):
    """Makes drafts."""

    def __call__(self, touchpoint: TouchpointRecordedV1, seen: Seen) -> Draft:
        """The draft of a touchpoint."""
        ...


class Touchpoints(Protocol):
    """The store of touchpoints, in the caller's transaction."""

    def known(self, hashes_by_bucket: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were recorded before, looking in their bucket and its neighbours."""
        ...

    def add(self, drafts: Sequence[Draft]) -> None:
        """Record touchpoints, the orders they tell of, and that their messages were seen."""
        ...

    def tally(self, touchpoints: Sequence[TouchpointRecordedV1], duplicates: Sequence[TouchpointRecordedV1]) -> None:
        """Count what was recorded and what was dropped as a duplicate."""
        ...


class Sources(Protocol):
    """The sources that an owner may see and their write keys, in the caller's transaction."""

    def add(self, source: Source) -> None:
        """Keep a source; one that is there already stays as it is."""
        ...

    def get(self, source_id: str, *, lock: bool = False) -> Source:
        """One source, held until the transaction ends with `lock`. Raises SourceNotFound."""
        ...

    def add_key(self, key: WriteKey, *, key_sha256: str) -> None:
        """Keep a write key by its digest."""
        ...

    def live_keys(self, source_id: str) -> list[WriteKey]:
        """The write keys of a source that are not revoked, oldest first."""
        ...

    def revoke_key(self, source_id: str, key_id: str, *, at: datetime) -> bool:
        """End a live write key; False when the source has none of this id."""
        ...


class FactsOut(Protocol):
    """The outbox, bound to the caller's transaction."""

    def add(self, events: Sequence[Event]) -> None:
        """Tell these facts about touchpoints once the transaction has committed."""
        ...


class Erased(Protocol):
    """Whom profile has had erased, in the caller's transaction."""

    def without(
        self, facts: Sequence[T], *, names: Callable[[T], Collection[str]], moment: Callable[[T], datetime]
    ) -> list[T]:
        """What is left of `facts` when those are taken out that were received before one of their names was erased."""
        ...


class Refusals(Protocol):
    """The dead letters, bound to the caller's transaction."""

    def add(self, received: IngestReceivedV1, reason: str) -> None:
        """Keep a call that cannot be read, with the reason, so that it can be replayed."""
        ...


class IdentityMap(Protocol):
    """Which subjects belong to which profile, in the caller's transaction."""

    def versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """The version last learnt of each profile that is known."""
        ...

    def replace(self, profiles: Mapping[str, KnownProfile]) -> None:
        """Set what is known of each profile."""
        ...

    def merge(self, merged_profile_id: str, into: str, *, at: datetime) -> None:
        """From now on the one is the other, for good, and so is everything that was merged into it before."""
        ...
