"""Sends one letter of a campaign to an address of the marketer's, to be looked at before the launch."""

from __future__ import annotations

from dataclasses import dataclass

from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import Delivery
from services.messaging.use_cases.dispatch_ports import Programme, Transport
from services.messaging.use_cases.write_letter import WriteLetter
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Trial:
    """What the mail server answered to a test; the letter's Message-ID begins with `message_id`."""

    message_id: str
    delivery: Delivery


def send_test(programme: Programme, contact: Contact, *, to: str, write: WriteLetter, transport: Transport) -> Trial:
    """Send what `contact` would read to `to`, once. It is counted nowhere and can be done in any status.

    Raises RenderFailed, AddressInvalid.
    """
    letter = write.test(programme, contact, message_id=new_id(), to=to)
    return Trial(letter.message_id, transport.send([letter])[letter.message_id])
