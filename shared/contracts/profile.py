"""What profile publishes on `profiles`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from shared.contracts.contract import Contract, Time, contract
from shared.contracts.topics import PROFILES


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """One name of a customer: kind `user_id`, `anonymous_id`, `email`, `phone` (E.164) or `external:<system>`."""

    kind: str
    value: str


class Purchases(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a profile bought, kept incrementally; money per currency in minor units, net of refunds."""

    orders: int = 0
    refunds: int = 0
    spent_minor: dict[str, int] = {}
    first_order_at: Time | None = None
    last_order_at: Time | None = None
    last_order_id: str | None = None
    last_order_amount_minor: int | None = None
    last_order_currency: str | None = None
    last_order_products: tuple[str, ...] = ()
    """Names of the last order's products, dearest line first, at most five."""


@contract
class ProfileChangedV1(Contract, frozen=True, kw_only=True):
    """A profile's whole public state after a change; a higher `version` replaces a lower one.

    Of more than 256 KiB of traits the longest are left out; the profile's HTTP API has them all. With `email_withdrawn`
    the e-mail was taken back and none stated since: those among `identifiers` tell who it is, and are not written to.
    """

    event_type: ClassVar[str] = "rapport.profiles.changed.v1"
    topic: ClassVar[str] = "profiles"

    profile_id: str
    version: int
    changed_at: Time
    identifiers: tuple[Identifier, ...] = ()
    traits: dict[str, Any] = {}
    purchases: Purchases = Purchases()
    email_withdrawn: bool = False

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class ProfilesMergedV1(Contract, frozen=True, kw_only=True):
    """Two profiles turned out to be one customer; `merged_profile_id` lives on as `profile_id`, for good."""

    event_type: ClassVar[str] = "rapport.profiles.merged.v1"
    topic: ClassVar[str] = "profiles"

    profile_id: str
    merged_profile_id: str
    merged_at: Time

    @property
    def bus_key(self) -> str:
        return self.merged_profile_id


@contract
class SegmentEnteredV1(Contract, frozen=True, kw_only=True):
    """A profile became a member of a segment. A higher `sequence` of (segment, profile) replaces a lower one."""

    event_type: ClassVar[str] = "rapport.profiles.segment-entered.v1"
    topic: ClassVar[str] = "profiles"

    segment_id: str
    profile_id: str
    sequence: int
    entered_at: Time

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class SegmentLeftV1(Contract, frozen=True, kw_only=True):
    """A profile is no longer a member of a segment."""

    event_type: ClassVar[str] = "rapport.profiles.segment-left.v1"
    topic: ClassVar[str] = "profiles"

    segment_id: str
    profile_id: str
    sequence: int
    left_at: Time

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class SegmentToldV1(Contract, frozen=True, kw_only=True):
    """What is told of a segment's members before this, on this partition, is all there is to tell.

    It answers one AudienceWantedV1 on every one of `partitions`; who has met it on all of them knows the whole segment
    as it was after the question, and the state of each member.
    """

    event_type: ClassVar[str] = "rapport.profiles.segment-told.v1"
    topic: ClassVar[str] = "profiles"

    audience_id: str
    segment_id: str
    partition: int
    partitions: int

    @property
    def bus_key(self) -> str:
        return PROFILES.key_of(self.partition)


@contract
class SegmentMissingV1(Contract, frozen=True, kw_only=True):
    """The answer to an AudienceWantedV1 for a segment that there is not, or not any more."""

    event_type: ClassVar[str] = "rapport.profiles.segment-missing.v1"
    topic: ClassVar[str] = "profiles"

    audience_id: str
    segment_id: str

    @property
    def bus_key(self) -> str:
        return self.audience_id


@contract
class ProfileErasedV1(Contract, frozen=True, kw_only=True):
    """A customer is to be forgotten, by every name: what was received at or before `erased_at` about its `subjects`,
    and everything about the profile and those that were merged into it, whose ids never come back.

    What is received later about a subject is of a new customer. One erasure is told again, without a profile, when a
    late touchpoint shows that the customer had a further subject.
    """

    event_type: ClassVar[str] = "rapport.profiles.erased.v1"
    topic: ClassVar[str] = "profiles"

    erasure_id: str
    erased_at: Time
    profile_id: str | None = None
    merged_profile_ids: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def bus_key(self) -> str:
        return self.profile_id or self.erasure_id

    @property
    def profile_ids(self) -> frozenset[str]:
        """Every id that the customer's profile ever had."""
        return frozenset(filter(None, (self.profile_id, *self.merged_profile_ids)))
