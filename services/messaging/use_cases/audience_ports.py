"""What taking audiences needs from outside, in one transaction, which its caller commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.messaging.domain.campaigns import Kind
from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import SkipReason
from shared.contracts.contract import Contract


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to profile: is there this segment, and, with `members`, who is in it now?"""

    audience_id: str
    segment_id: str
    members: bool
    traceparent: str | None = None


class Segments(Protocol):
    """Whether campaigns go to segments that there are, and all of whose members are known here."""

    def ask(self, limit: int) -> Sequence[Asked]:
        """Give campaigns that wait an id to ask profile under: each that has none."""
        ...

    def add_part(self, audience_id: str, *, partition: int, partitions: int) -> None:
        """All is told on one partition of the bus."""
        ...

    def complete(self) -> int:
        """Let the audience be taken of campaigns that all is told for; how many."""
        ...

    def waiting(self) -> int:
        """How many campaigns are due and wait for members."""
        ...


@dataclass(frozen=True, slots=True)
class Preparation:
    """A campaign whose audience is being taken, after profile `cursor`."""

    campaign_id: str
    segment_id: str
    kind: Kind
    cursor: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member of the audience as a new message row: `skipped` says why it will not be sent.

    No two messages have the same `dedup_key`.
    """

    message_id: str
    profile_id: str
    skipped: SkipReason | None = None
    dedup_key: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message that ended without an attempt."""

    message_id: str
    campaign_id: str
    profile_id: str
    traceparent: str | None = None


class Audiences(Protocol):
    """Turns campaigns into messages, a page a transaction."""

    def start_due(self) -> int:
        """Begin campaigns whose time has come; how many."""
        ...

    def lock_preparing(self) -> Preparation | None:
        """A campaign whose audience can be taken, which no other process is at; None when there is none."""
        ...

    def members(self, preparation: Preparation, limit: int) -> Sequence[Contact]:
        """The next members after the cursor, by profile id; a member without a known contact has no address."""
        ...

    def add_messages(self, preparation: Preparation, recipients: Sequence[Recipient]) -> frozenset[str]:
        """Store those whose profile and `dedup_key` have no message yet; the message ids that were stored."""
        ...

    def advance(self, preparation: Preparation, *, cursor: str | None, added: int) -> None:
        """Remember how far the audience was taken; `cursor` None when it is complete."""
        ...

    def skip_cancelled(self, limit: int) -> Sequence[Skipped]:
        """Skip queued messages of cancelled campaigns; which."""
        ...

    def complete(self) -> int:
        """Complete campaigns of which every message is final; how many."""
        ...

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        ...
