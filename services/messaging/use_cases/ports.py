"""What the use cases need from outside. Repositories belong to one transaction, which their caller commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.messaging.domain.campaigns import Campaign, Kind, Sender
from services.messaging.domain.contacts import Contact, Membership, Merge
from services.messaging.domain.deliveries import Delivery, Settlement, SkipReason
from services.messaging.domain.letters import Letter
from services.messaging.domain.templates import Rendered, Template, TemplateVersion
from shared.contracts.contract import Contract


class TemplateLanguage(Protocol):
    """Checks and fills templates."""

    def check(self, version: TemplateVersion) -> None:
        """Raise TemplateInvalid unless the version can be saved."""
        ...

    def render(self, version: TemplateVersion, contact: Contact, *, sender: Sender, unsubscribe_url: str) -> Rendered:
        """Fill in a checked version. Raises RenderFailed."""
        ...


class Transport(Protocol):
    """Carries letters to customers."""

    def send(self, letters: Sequence[Letter]) -> Mapping[str, Delivery]:
        """Try each letter once; one answer for each message id."""
        ...


class ReadCopies(Protocol):
    """What profile told: contacts, memberships, merges."""

    def survivors_of(self, profile_ids: Collection[str]) -> Mapping[str, str]:
        """Those of `profile_ids` that were merged away, with who they live on as now."""
        ...

    def replace_contacts(self, contacts: Iterable[Contact]) -> None:
        """Keep each contact unless a higher version is known."""
        ...

    def replace_memberships(self, memberships: Iterable[Membership]) -> None:
        """Keep each membership unless a higher sequence is known."""
        ...

    def merge(self, merge: Merge) -> None:
        """Move everything of the merged profile to its survivor; nothing when that is known already."""
        ...


class Templates(Protocol):
    """Templates and their versions."""

    def add(self, template: Template) -> None: ...

    def get(self, template_id: str) -> Template:
        """Raises TemplateNotFound."""
        ...

    def replace(self, template: Template, *, expected_version: int) -> bool:
        """Add `template.current` as a version and make it current; False when another version is current."""
        ...

    def version(self, template_id: str, version: int) -> TemplateVersion:
        """Raises TemplateNotFound."""
        ...


class Campaigns(Protocol):
    """Campaigns; what `lock` returns stays as it is until the transaction ends."""

    def add(self, campaign: Campaign) -> None: ...

    def replace(self, campaign: Campaign) -> None:
        """Store the draft as it is planned now."""
        ...

    def remove(self, campaign: Campaign) -> None:
        """Forget a draft, which has no messages."""
        ...

    def lock(self, campaign_id: str) -> Campaign:
        """Raises CampaignNotFound."""
        ...

    def lock_asking(self, audience_id: str) -> Campaign | None:
        """The campaign that asked for its segment under this id last, locked; None when there is none."""
        ...

    def save(self, campaign: Campaign, *, traceparent: str | None = None) -> None: ...


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
class Asked:
    """A question to profile: is there this segment, and, with `members`, who is in it now?"""

    audience_id: str
    segment_id: str
    members: bool
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


@dataclass(frozen=True, slots=True)
class Preparation:
    """A campaign whose audience is being taken, after profile `cursor`."""

    campaign_id: str
    segment_id: str
    kind: Kind
    cursor: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message that ended without an attempt."""

    message_id: str
    campaign_id: str
    profile_id: str
    traceparent: str | None = None


class Suppressions(Protocol):
    """Addresses that refused marketing, by keyed hash."""

    def add(self, address_hash: str, *, message_id: str | None, at: datetime) -> bool:
        """Remember the address; False when it was known."""
        ...

    def among(self, address_hashes: Collection[str]) -> frozenset[str]:
        """Those of them that refused."""
        ...

    def profile_of(self, message_id: str) -> str | None:
        """Whom a message was for; None when it is no longer known."""
        ...

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
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
class Programme:
    """What all messages of one campaign share."""

    campaign: Campaign
    version: TemplateVersion


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


@dataclass(frozen=True, slots=True)
class Clearance:
    """`go` may be sent; `suppressed` refused meanwhile; the rest went back to the queue."""

    go: frozenset[str]
    suppressed: frozenset[str]
