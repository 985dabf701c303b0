"""What can be wrong, in the words of the domain.

Errors::

    MessagingError
     +-- NotFound
     |    +-- TemplateNotFound      no template, or no such version of it
     |    +-- CampaignNotFound
     |    +-- MessageNotFound
     |    +-- ContactNotFound       the profile is not (yet) known here
     |    +-- UnknownToken          an unsubscribe token that was never signed here
     |    +-- SuppressionNotFound   marketing may go to the address
     +-- TemplateInvalid            a template cannot be saved; every flaw is listed
     +-- RenderFailed               a template cannot be filled with this customer's data
     +-- TransitionRefused          the campaign's status does not allow what was asked
     +-- AddressInvalid             not an address that mail can be sent to
     +-- AddressRefused             marketing to an address that refused it
     +-- HeaderUnsafe               a header value with control characters
"""

from __future__ import annotations

from dataclasses import dataclass


class MessagingError(Exception):
    """Something in messaging is not as it was asked to be."""


class NotFound(MessagingError):
    """What was asked for does not exist."""


class TemplateNotFound(NotFound):
    """No template of this id, or no such version of it."""


class CampaignNotFound(NotFound):
    """No campaign of this id."""


class MessageNotFound(NotFound):
    """No message of this id."""


class ContactNotFound(NotFound):
    """The profile is not (yet) known here."""


class UnknownToken(NotFound):
    """An unsubscribe token that was never signed here."""


class SuppressionNotFound(NotFound):
    """Marketing may go to the address."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a template: where (`en.html`), on which line (from 1), and why."""

    part: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.part}, line {self.line}: {self.reason}"


class TemplateInvalid(MessagingError):
    """A template cannot be saved; `flaws` lists every reason."""

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        super().__init__("; ".join(map(str, flaws)))
        self.flaws = flaws


class RenderFailed(MessagingError):
    """A template cannot be filled with this customer's data; `flaw` says where and why."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(str(flaw))
        self.flaw = flaw


class TransitionRefused(MessagingError):
    """The campaign's status does not allow what was asked."""


class AddressInvalid(MessagingError):
    """Not an address that mail can be sent to."""


class HeaderUnsafe(MessagingError):
    """A header value with control characters (CR and LF would start another header)."""


class AddressRefused(MessagingError):
    """The address refused marketing."""
