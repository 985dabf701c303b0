"""Sends what is due, so that whatever dies, each message is accounted for.

A message is claimed, written, marked `sending` durably, handed to the mail server, settled. What became of one window
is settled in the transaction that marks the next. A process that dies before the mark leaves nothing behind but a
claim, which another takes back; one that dies after it leaves at most `window` messages in doubt, which the campaign's
kind decides on (`domain.deliveries`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.messaging.domain.campaigns import Kind
from services.messaging.domain.deliveries import (
    LONGEST_REASON,
    UNREACHED_RETRY_S,
    Answer,
    Delivery,
    MessageStatus,
    Settlement,
    SkipReason,
    settle,
    settle_abandoned,
)
from services.messaging.domain.errors import AddressInvalid, RenderFailed
from services.messaging.domain.letters import Letter
from services.messaging.domain.retries import RETRY_DELAYS_S
from services.messaging.use_cases.dispatch_ports import Claimed, DispatchQueue, Programme, Transport
from services.messaging.use_cases.write_letter import WriteLetter
from shared.batched import batched

_KEPT_PROGRAMMES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLimits:
    """How much is claimed at a time, how much of it may be in doubt at a time, and when to try again."""

    claim: int = 1_000
    window: int = 200
    retry_delays_s: Sequence[float] = RETRY_DELAYS_S


@dataclass(frozen=True, slots=True)
class _Written:
    letter: Letter
    attempts: int
    kind: Kind
    address_hash: str


class DispatchMessages:
    """One sender. After an error from the queue, call `dispatch` again: it first puts its own affairs in order."""

    def __init__(
        self, queue: DispatchQueue, transport: Transport, write: WriteLetter, limits: DispatchLimits | None = None
    ) -> None:
        self._queue = queue
        self._transport = transport
        self._write = write
        self._limits = limits or DispatchLimits()
        self._programmes: dict[str, Programme] = {}
        self._unsettled: list[Settlement] = []
        self._interrupted = False

    def dispatch(self, stopping: Callable[[], bool] = lambda: False) -> Progress:
        """Claim once and send what was claimed; what is left when `stopping`, or when the server is out of reach,
        goes back to the queue. Errors of the queue pass through.
        """
        if self._interrupted:
            self._recover()
        self._interrupted = True
        claimed = self._queue.claim(self._limits.claim)
        trouble: str | None = None
        for window in batched(claimed, self._limits.window):
            if trouble is None and not stopping():
                trouble = self._send(self._written(window))
            else:
                self._unsettled.extend(map(_back, window))
        self._settle([])
        self._interrupted = False
        return Progress(len(claimed), trouble)

    def take_over(self) -> int:
        """Finish what senders that died had begun; how many messages were in doubt."""
        return self._settle_abandoned(own=False)

    def _recover(self) -> None:
        """What was answered is recorded; what was claimed goes back; what is in doubt is decided on."""
        self._settle([])
        self._settle_abandoned(own=True)
        self._interrupted = False

    def _settle_abandoned(self, *, own: bool) -> int:
        abandoned = self._queue.take_over(own=own)
        delays = self._limits.retry_delays_s
        self._settle(
            [settle_abandoned(a.message_id, attempts=a.attempts, kind=a.kind, delays_s=delays) for a in abandoned]
        )
        return len(abandoned)

    def _written(self, window: Sequence[Claimed]) -> list[_Written]:
        """The letters of a window; messages that have none are settled with the next transaction."""
        written: list[_Written] = []
        for message in window:
            one = self._write_one(message)
            if isinstance(one, Settlement):
                self._unsettled.append(one)
            else:
                written.append(one)
        return written

    def _write_one(self, message: Claimed) -> _Written | Settlement:
        contact, programme = message.contact, self._programme(message.campaign_id)
        if contact is None or contact.address is None:
            unreachable = SkipReason.NO_ADDRESS if contact is None else contact.unreachable
            return Settlement(message.message_id, MessageStatus.SKIPPED, message.attempts, unreachable)
        try:
            address_hash = self._write.address_hash(contact.address)
            letter = self._write.write(programme, contact, message_id=message.message_id, address_hash=address_hash)
        except AddressInvalid:
            return Settlement(message.message_id, MessageStatus.SKIPPED, message.attempts, SkipReason.MALFORMED_ADDRESS)
        except RenderFailed as error:
            reason = f"template: {error}"[:LONGEST_REASON]
            return Settlement(message.message_id, MessageStatus.FAILED, message.attempts, reason)
        return _Written(letter, message.attempts, programme.campaign.kind, address_hash)

    def _send(self, window: Sequence[_Written]) -> str | None:
        """Send one window, and settle what was sent before it; why the server was out of reach, or None."""
        hashes = {each.letter.message_id: each.address_hash if each.kind == "marketing" else "" for each in window}
        clearance = self._queue.begin(hashes, settled=self._unsettled)
        self._unsettled = list(_suppressed(window, clearance.suppressed))
        going = [each for each in window if each.letter.message_id in clearance.go]
        answers = self._transport.send([each.letter for each in going]) if going else {}
        self._unsettled.extend(self._settlement(each, answers[each.letter.message_id]) for each in going)
        unreached = [answer.reply for answer in answers.values() if answer.answer is Answer.UNREACHED]
        return unreached[0] if unreached and len(unreached) == len(answers) else None

    def _settlement(self, sent: _Written, answer: Delivery) -> Settlement:
        delays = self._limits.retry_delays_s
        settlement = settle(sent.letter.message_id, answer, attempts=sent.attempts, kind=sent.kind, delays_s=delays)
        return replace(settlement, bounced=sent.address_hash) if answer.says_no_mailbox else settlement

    def _settle(self, settlements: Sequence[Settlement]) -> None:
        """Record answers; those that the database would not take are kept for the next call."""
        self._unsettled.extend(settlements)
        if self._unsettled:
            self._queue.settle(self._unsettled)
            self._unsettled.clear()

    def _programme(self, campaign_id: str) -> Programme:
        programme = self._programmes.get(campaign_id)
        if programme is None:
            if len(self._programmes) >= _KEPT_PROGRAMMES:
                self._programmes.clear()
            programme = self._programmes[campaign_id] = self._queue.programme(campaign_id)
        return programme


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages were claimed, and why the mail server was out of reach, where it was."""

    claimed: int
    trouble: str | None = None


def _back(unsent: Claimed) -> Settlement:
    return Settlement(unsent.message_id, MessageStatus.QUEUED, unsent.attempts, retry_in_s=UNREACHED_RETRY_S)


def _suppressed(window: Sequence[_Written], suppressed: Mapping[str, SkipReason]) -> Iterator[Settlement]:
    attempts: Mapping[str, int] = {each.letter.message_id: each.attempts for each in window}
    for message_id, reason in suppressed.items():
        yield Settlement(message_id, MessageStatus.SKIPPED, attempts[message_id], reason)
