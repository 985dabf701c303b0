"""What a mail server answered, and what that makes of a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.messaging.domain.campaigns import Kind
from services.messaging.domain.retries import RETRY_DELAYS_S, retry_delay_s

LONGEST_REASON = 200
"""Characters of what a server or an error says that are kept."""
UNREACHED_RETRY_S = 5.0
_NO_MAILBOX = re.compile(r"5\d\d[ -]5\.1\.(1|2|3|6|10)\b")
"""No such mailbox, no such domain, no address, moved away (RFC 3463, section 3.2), takes no mail (RFC 7505)."""


class MessageStatus(StrEnum):
    """`queued` waits for `due_at`; `claimed` is being written; `sending` may be with the server; the rest are final."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    """Why a message was never attempted."""

    NO_ADDRESS = "no-address"
    MALFORMED_ADDRESS = "malformed-address"
    """There is an e-mail, and no mail can be sent to it."""
    SUPPRESSED = "suppressed"
    """The address refused marketing."""
    BOUNCED = "bounced"
    """A mail server said that the address has no mailbox."""
    SAME_ADDRESS = "same-address"
    """Another profile's message of this campaign goes to the same address."""
    MERGED = "merged"
    """The customer has another message of this campaign, as another profile that turned out to be theirs."""
    CANCELLED = "cancelled"
    ERASED = "erased"


NOT_SENT = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
OPEN = (*NOT_SENT, MessageStatus.SENDING)
FINAL = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED)


class Answer(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """5xx: the server will never take it."""
    DEFERRED = "deferred"
    """4xx: the server may take it later."""
    LOST = "lost"
    """The content went out and no reply came back (RFC 1047): it may or may not have been taken."""
    UNREACHED = "unreached"
    """No content went out: the server could not be reached, or hung up before."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The answer to one attempt, with the server's own words or the error's."""

    answer: Answer
    reply: str = ""

    @property
    def says_no_mailbox(self) -> bool:
        """Whether the server refused because nobody can ever be written to under the address.

        Only its status code tells that: a bare 550 may be about the letter, or about us.
        """
        return self.answer is Answer.REFUSED and _NO_MAILBOX.match(self.reply) is not None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a message becomes: final, or queued again after `retry_in_s`. `attempts` counts those made so far.

    `bounced` is the hash of its address, where that turned out to have no mailbox.
    """

    message_id: str
    status: MessageStatus
    attempts: int
    reason: str | None = None
    retry_in_s: float | None = None
    bounced: str | None = None


def settle(
    message_id: str,
    delivery: Delivery,
    *,
    attempts: int,
    kind: Kind,
    delays_s: Sequence[float] = RETRY_DELAYS_S,
) -> Settlement:
    """What `delivery` makes of a message that had `attempts` attempts before this one."""
    reason = delivery.reply[:LONGEST_REASON] or None
    if delivery.answer is Answer.ACCEPTED:
        return Settlement(message_id, MessageStatus.SENT, attempts + 1)
    if delivery.answer is Answer.REFUSED:
        return Settlement(message_id, MessageStatus.FAILED, attempts + 1, reason)
    if delivery.answer is Answer.UNREACHED:
        # The server was never asked, so this was no attempt: a long outage must not use them up.
        return Settlement(message_id, MessageStatus.QUEUED, attempts, reason, retry_in_s=UNREACHED_RETRY_S)
    if delivery.answer is Answer.LOST and kind == "marketing":
        return Settlement(message_id, MessageStatus.UNKNOWN, attempts + 1, reason)
    delay = retry_delay_s(message_id, attempts + 1, delays_s)
    if delay is None:
        exhausted = MessageStatus.UNKNOWN if delivery.answer is Answer.LOST else MessageStatus.FAILED
        return Settlement(message_id, exhausted, attempts + 1, reason)
    return Settlement(message_id, MessageStatus.QUEUED, attempts + 1, reason, retry_in_s=delay)


def settle_abandoned(
    message_id: str, *, attempts: int, kind: Kind, delays_s: Sequence[float] = RETRY_DELAYS_S
) -> Settlement:
    """What becomes of a message whose sender died while it may have been with the server."""
    lost = Delivery(Answer.LOST, "the sender stopped before the reply was recorded")
    return settle(message_id, lost, attempts=attempts, kind=kind, delays_s=delays_s)


def stand_in(message_id: str) -> str:
    """Whom a message was to, once nobody is to know any more."""
    return f"{SkipReason.ERASED}:{message_id}"


def is_stand_in(profile_id: str) -> bool:
    """Whether whom a message was to is erased."""
    return profile_id.startswith(f"{SkipReason.ERASED}:")
