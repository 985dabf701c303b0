"""What writing and sending messages needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.messaging.domain.campaigns import Campaign, Kind
from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import Delivery, Settlement, SkipReason
from services.messaging.domain.letters import Letter
from services.messaging.domain.templates import TemplateVersion


@dataclass(frozen=True, slots=True)
class Programme:
    """What all messages of one campaign share."""

    campaign: Campaign
    version: TemplateVersion


class Transport(Protocol):
    """Carries letters to customers."""

    def send(self, letters: Sequence[Letter]) -> Mapping[str, Delivery]:
        """Try each letter once; one answer for each message id."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process may write; `contact` is None when the profile is not known."""

    message_id: str
    campaign_id: str
    attempts: int
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A message whose sender died while it may have been with the server."""

    message_id: str
    attempts: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Clearance:
    """`go` may be sent; `suppressed` may not, by their addresses; the rest went back to the queue."""

    go: frozenset[str]
    suppressed: Mapping[str, SkipReason]


class DispatchQueue(Protocol):
    """The messages that are due. Each call is a transaction of its own; this process owns what it claimed."""

    def claim(self, limit: int) -> Sequence[Claimed]:
        """Take messages that are due, of campaigns that run."""
        ...

    def programme(self, campaign_id: str) -> Programme:
        """The campaign and the template version it pins."""
        ...

    def begin(self, address_hashes: Mapping[str, str], *, settled: Sequence[Settlement] = ()) -> Clearance:
        """Right before sending: of these messages (id to hash of address), which may go; those are marked, durably.

        In the same transaction, `settled` is recorded and told as `settle` does.
        """
        ...

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of messages that this process owns, and tell the final ones; each once."""
        ...

    def take_over(self, *, own: bool) -> Sequence[Abandoned]:
        """Requeue what dead processes (and with `own`, this one) had claimed; what they may have sent becomes ours."""
        ...
