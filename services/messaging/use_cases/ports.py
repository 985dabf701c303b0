"""What the use cases need from outside. Repositories belong to one transaction, which their caller commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.messaging.domain.campaigns import Campaign, Sender
from services.messaging.domain.contacts import Contact, Membership, Merge
from services.messaging.domain.deliveries import SkipReason
from services.messaging.domain.templates import Rendered, Template, TemplateVersion
from services.messaging.domain.unsubscribing import Owner, Suppression, SuppressionFilter
from shared.contracts.contract import Contract


class TemplateLanguage(Protocol):
    """Checks and fills templates."""

    def check(self, version: TemplateVersion) -> None:
        """Raise TemplateInvalid unless the version can be saved."""
        ...

    def render(self, version: TemplateVersion, contact: Contact, *, sender: Sender, unsubscribe_url: str) -> Rendered:
        """Fill in a checked version. Raises RenderFailed."""
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
        """The template in its current version. Raises TemplateNotFound."""
        ...

    def replace(self, template: Template) -> bool:
        """Add `template.current` as a version and make it current; False when the current one is not that before."""
        ...

    def version(self, template_id: str, version: int) -> TemplateVersion:
        """One of its versions. Raises TemplateNotFound."""
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
        """The campaign, which nobody else changes meanwhile. Raises CampaignNotFound."""
        ...

    def lock_asking(self, audience_id: str) -> Campaign | None:
        """The campaign that asked for its segment under this id last, locked; None when there is none."""
        ...

    def save(self, campaign: Campaign, *, traceparent: str | None = None) -> None: ...


class Suppressions(Protocol):
    """Addresses that get no marketing, by keyed hash. That one has no mailbox gives way to its owner's refusal."""

    def add(self, address_hash: str, *, message_id: str | None, at: datetime) -> bool:
        """Remember that the address refused; False when that was known."""
        ...

    def add_all(self, address_hashes: Collection[str], *, at: datetime) -> frozenset[str]:
        """Remember that addresses refused, by no message of ours; those that are new."""
        ...

    def add_bounced(self, address_hashes: Mapping[str, str | None], *, at: datetime) -> frozenset[str]:
        """Remember that addresses have no mailbox, each by the message that told, if one did; those that are new."""
        ...

    def find(self, address_hash: str) -> Suppression | None:
        """What is known of an address that gets no marketing."""
        ...

    def page(
        self, wanted: SuppressionFilter, *, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Suppression]:
        """The newest first, behind the one of this moment and hash."""
        ...

    def owners(self, address_hashes: Collection[str]) -> Sequence[Owner]:
        """The customers with these addresses, as far as they are known here, by profile id."""
        ...

    def remove(self, address_hash: str) -> Suppression | None:
        """Forget what was known of an address; what that was."""
        ...

    def among(self, address_hashes: Collection[str]) -> Mapping[str, SkipReason]:
        """Those of them that get no marketing, and why."""
        ...

    def profile_of(self, message_id: str) -> str | None:
        """Whom a message was for; None when it is no longer known."""
        ...

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        ...
