"""What messaging publishes on `messages`, and asks on `audiences`."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.contract import Contract, Time, contract

Outcome = Literal["sent", "failed", "unknown", "skipped"]


@contract
class MessageDispatchedV1(Contract, frozen=True, kw_only=True):
    """What became of one message to one profile, final: told once for each message.

    `unknown` is a message whose reply was lost while the server was accepting it (RFC 1047); `skipped` one that was
    never attempted, `reason` saying why (`suppressed`, `no-address`, ...).
    """

    event_type: ClassVar[str] = "rapport.messages.dispatched.v1"
    topic: ClassVar[str] = "messages"

    message_id: str
    campaign_id: str
    profile_id: str
    channel: str
    outcome: Outcome
    at: Time
    attempts: int = 0
    reason: str | None = None

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class UnsubscribedV1(Contract, frozen=True, kw_only=True):
    """A customer refused marketing on a channel, by one click or through an operator."""

    event_type: ClassVar[str] = "rapport.messages.unsubscribed.v1"
    topic: ClassVar[str] = "messages"

    profile_id: str
    channel: str
    at: Time
    message_id: str | None = None

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class ResubscribedV1(Contract, frozen=True, kw_only=True):
    """A customer's refusal was taken back by an operator, as the customer asked for."""

    event_type: ClassVar[str] = "rapport.messages.resubscribed.v1"
    topic: ClassVar[str] = "messages"

    profile_id: str
    channel: str
    at: Time

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class AudienceWantedV1(Contract, frozen=True, kw_only=True):
    """A campaign goes to a segment: is there one, and, with `members`, who is in it now?

    Profile answers under the same `audience_id`: with SegmentMissingV1 where there is no such segment, else, if its
    members are wanted, with a SegmentToldV1 on each partition.
    """

    event_type: ClassVar[str] = "rapport.audiences.wanted.v1"
    topic: ClassVar[str] = "audiences"

    audience_id: str
    segment_id: str
    members: bool = False

    @property
    def bus_key(self) -> str:
        return self.audience_id
