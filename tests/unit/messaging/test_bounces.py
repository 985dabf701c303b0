"""Which replies say that an address has no mailbox."""

from __future__ import annotations

import pytest

from services.messaging.domain.deliveries import Answer, Delivery


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <jane@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
        "550 5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Please check it.",
        "553 5.1.2 We weren't able to find the recipient domain",
        "501 5.1.3 Bad recipient address syntax",
        "551 5.1.6 Recipient no longer on server",
        "556 5.1.10 Recipient address has null MX",
    ],
)
def test_a_status_of_no_mailbox_is_a_bounce(reply: str) -> None:
    assert Delivery(Answer.REFUSED, reply).says_no_mailbox


@pytest.mark.parametrize(
    "reply",
    [
        "550 no such user",
        "550 5.7.1 Message rejected as spam; see 5.1.1",
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more",
        "552 5.2.2 Mailbox full",
        "550 5.1.8 Sender address rejected: domain not found",
        "550 5.1.11 not a code",
        "554 5.7.26 Unauthenticated email is not accepted",
        "",
    ],
)
def test_what_may_be_about_the_letter_or_the_sender_is_none(reply: str) -> None:
    assert not Delivery(Answer.REFUSED, reply).says_no_mailbox


@pytest.mark.parametrize("answer", [answer for answer in Answer if answer is not Answer.REFUSED])
def test_what_the_server_may_still_take_is_none(answer: Answer) -> None:
    assert not Delivery(answer, "450 5.1.1 try again").says_no_mailbox
