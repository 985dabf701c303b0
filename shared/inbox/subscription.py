"""What a consumer reads, and what it does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from shared.bus.ports import Topic
from shared.contracts.contract import Contract
from shared.inbox.isolation import Effect, Handle

Prepare = Callable[[Sequence[Contract]], Effect]
"""What of an effect needs no transaction; it answers with the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a consumer reads and does. `consumer` names the group too, such as `profile.touchpoints`.

    `prepare` does what it can of `handle` before the transaction is opened, while that of the facts before is still
    open: `prepare(facts)(session)` has the same effect. While `is_wanted` says no, records are passed over unread.
    `max_records` and `max_bytes` bound what one transaction takes in, but for the one in which they begin to be wanted.
    """

    consumer: str
    topics: tuple[Topic, ...]
    handle: Handle
    prepare: Prepare | None = None
    is_wanted: Callable[[Session], bool] | None = None
    max_records: int = 50
    max_bytes: int = 4_000_000

    def prepared(self, facts: Sequence[Contract]) -> Effect:
        """The effect of `facts`, as far as it can be had without a transaction."""
        return self.prepare(facts) if self.prepare else partial(_handle, self.handle, facts)


def _handle(handle: Handle, facts: Sequence[Contract], session: Session) -> None:
    if facts:
        handle(session, facts)
