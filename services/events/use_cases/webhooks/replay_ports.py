"""What replays need of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.events.domain.webhooks.replays import Replay, Stretches
from services.events.use_cases.webhooks.ports import Listener, Message
from shared.contracts.contract import Contract


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some facts of the log, in the order of each customer, and where in the log they end."""

    facts: Sequence[Contract]
    stretches: Stretches

    @property
    def is_last(self) -> bool:
        """Whether nothing comes behind it."""
        return all(each.at >= each.end for each in self.stretches.values())


class PastFacts(Protocol):
    """Reads the part of the log that one replay is about, from where it came to."""

    def read(self) -> Chunk | None:
        """The next facts; None when nothing came in time, and the next call may bring some. Raises BusError."""
        ...

    def close(self) -> None:
        """Let go of the log."""
        ...


class Replays(Protocol):
    """Replays that an owner may see, in the caller's transaction."""

    def is_running(self, endpoint_id: str) -> bool:
        """Whether a replay to this endpoint is under way."""
        ...

    def add(self, replay: Replay) -> None:
        """Keep a new one."""
        ...

    def advance(self, replay: Replay, *, stretches: Stretches, read: int, done: bool) -> bool:
        """Move it on; False, with nothing done, when it was canceled or moved on by another meanwhile."""
        ...

    def listener(self, replay: Replay) -> Listener | None:
        """Its endpoint, with what is wanted this time; None when the endpoint is disabled."""
        ...

    def post(self, replay: Replay, messages: Sequence[Message]) -> None:
        """A delivery for each message behind every live one; what waits there already is left alone."""
        ...
