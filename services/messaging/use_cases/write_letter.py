"""Writes one message of a campaign to one customer."""

from __future__ import annotations

from dataclasses import replace

from services.messaging.domain.addresses import parse_address
from services.messaging.domain.contacts import Contact
from services.messaging.domain.letters import Letter, with_way_out
from services.messaging.domain.templates import Rendered
from services.messaging.domain.unsubscribing import UnsubscribeClaim, Unsubscribing
from services.messaging.use_cases.dispatch_ports import Programme
from services.messaging.use_cases.ports import TemplateLanguage

PREVIEW_TOKEN = "preview"  # noqa: S105 - what stands in a preview where a token will be

TEST_MARK = "[Test] "


class WriteLetter:
    """Fills the template and adds the way out. `public_url` is where customers reach this service."""

    def __init__(self, language: TemplateLanguage, unsubscribing: Unsubscribing, public_url: str) -> None:
        self._language = language
        self._unsubscribing = unsubscribing
        self._links = f"{public_url.rstrip('/')}/u/"

    def address_hash(self, address: str) -> str:
        """What stands for the address among suppressions."""
        return self._unsubscribing.address_hash(address)

    def write(self, programme: Programme, contact: Contact, *, message_id: str, address_hash: str) -> Letter:
        """The letter. Raises RenderFailed, AddressInvalid."""
        claim = UnsubscribeClaim(message_id, address_hash)
        url = self._links + self._unsubscribing.token(claim)
        return Letter(
            message_id=message_id,
            sender=programme.campaign.sender,
            to=parse_address(contact.address),
            to_name=contact.person.full,
            rendered=self._rendered(programme, contact, url),
            unsubscribe_url=url if programme.campaign.kind == "marketing" else None,
        )

    def preview(self, programme: Programme, contact: Contact) -> Rendered:
        """What `contact` would read, with a link that does nothing. Raises RenderFailed."""
        return self._rendered(programme, contact, self._links + PREVIEW_TOKEN)

    def test(self, programme: Programme, contact: Contact, *, message_id: str, to: str) -> Letter:
        """What `contact` would read, marked as a test, to another address, with a link that does nothing.

        Raises RenderFailed, AddressInvalid.
        """
        rendered = self.preview(programme, contact)
        return Letter(
            message_id=message_id,
            sender=programme.campaign.sender,
            to=parse_address(to),
            to_name=contact.person.full,
            rendered=replace(rendered, subject=TEST_MARK + rendered.subject),
            unsubscribe_url=self._links + PREVIEW_TOKEN if programme.campaign.kind == "marketing" else None,
        )

    def _rendered(self, programme: Programme, contact: Contact, url: str) -> Rendered:
        campaign = programme.campaign
        rendered = self._language.render(programme.version, contact, sender=campaign.sender, unsubscribe_url=url)
        return with_way_out(rendered, url) if campaign.kind == "marketing" else rendered
