"""What a set of connections still has to send, and what was answered so far."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from services.messaging.domain.deliveries import Answer, Delivery

_MAX_HANG_UPS = 3


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on the wire: `content` is the MIME message; `utf8` asks for SMTPUTF8 (RFC 6531)."""

    message_id: str
    sender: str
    recipient: str
    content: bytes
    utf8: bool = False


class Batch:
    """Envelopes shared by the connections of one send; each ends with one answer."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self._waiting = deque(envelopes)
        self._hang_ups: Counter[str] = Counter()
        self.answers: dict[str, Delivery] = {}
        self.trouble = "not reached"

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Envelope | None:
        """The next envelope to announce."""
        return self._waiting.popleft() if self._waiting else None

    def answer(self, envelope: Envelope, answer: Answer, reply: str = "") -> None:
        """What became of one."""
        self.answers[envelope.message_id] = Delivery(answer, reply)

    def put_back(self, envelope: Envelope) -> None:
        """Announced but not sent. One that the server hangs up on again and again counts as put off by it."""
        self._hang_ups[envelope.message_id] += 1
        if self._hang_ups[envelope.message_id] < _MAX_HANG_UPS:
            self._waiting.append(envelope)
        else:
            self.answer(envelope, Answer.DEFERRED, "the server hung up each time")

    def give_up(self) -> None:
        """Nobody is left to send; the rest was not reached."""
        while (envelope := self.take()) is not None:
            self.answer(envelope, Answer.UNREACHED, self.trouble)
