"""Delivering webhooks, so that an endpoint which hangs delays nobody but itself.

Every endpoint is a lane of its own. A worker leases lanes that have something due, sends what is due there in order,
and stores what became of it when it lets go of the lane. A worker that dies is forgotten when its leases end; what it
had sent without storing goes out once more under the same webhook-id. Lanes that failed lately share a quarter of the
places, so that however many there are, the others find room.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from services.events.domain.webhooks.endpoints import Endpoint
from services.events.domain.webhooks.failing import Failing
from services.events.domain.webhooks.retries import SCHEDULE_S, Draw, Verdict, decide, pause_after
from services.events.domain.webhooks.signing import signature_header
from services.events.use_cases.webhooks.ports import Finished, Lane, Pending, Post, Sender, Settled
from shared.clock import Clock, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How patient and how busy a worker is. For `turn_s` sends are begun in one lane, then it is stored."""

    lanes: int = 400
    turn_s: float = 2.0
    disable_after_s: float = 5 * 24 * 3600.0
    schedule_s: Sequence[float] = SCHEDULE_S


class DeliverLane:
    """Sends what is due in one lane."""

    def __init__(
        self, sender: Sender, limits: DeliveryLimits, *, clock: Clock = utc_now, draw: Draw = random.random
    ) -> None:
        self._sender = sender
        self._limits = limits
        self._clock = clock
        self._draw = draw

    async def deliver(self, lane: Lane, stopping: Callable[[], bool] = lambda: False) -> Finished:
        """Send until nothing is left, the turn is over, or the endpoint needs a pause."""
        turn = _Turn(lane)
        until = monotonic() + self._limits.turn_s
        pending = iter(lane.pending)

        async def work() -> None:
            while not (turn.over or stopping() or monotonic() > until):
                if (one := next(pending, None)) is None:
                    return
                await self._attempt(one, turn)

        await asyncio.gather(*(work() for _ in range(lane.endpoint.concurrency)))
        return turn.finished()

    async def _attempt(self, pending: Pending, turn: _Turn) -> None:
        at = self._clock()
        answer = await self._sender.send(post_of(turn.endpoint, pending.id, pending.body, at=at))
        decision = decide(answer, step=pending.step, schedule_s=self._limits.schedule_s, draw=self._draw)
        turn.settled.append(
            Settled(pending=pending, at=at, answer=answer, verdict=decision.verdict, retry_in_s=decision.retry_in_s)
        )
        if answer.succeeded:
            turn.failures, turn.failing = 0, None
            return
        turn.failing = (turn.failing or Failing(at, at)).again(at, disable_after_s=self._limits.disable_after_s)
        turn.failures += answer.throttles
        turn.pause_s = max(turn.pause_s, pause_after(answer, failures=turn.failures, draw=self._draw))
        if decision.verdict is Verdict.GONE:
            turn.disable = "the endpoint answered 410 Gone"
        elif turn.failing.tried_s >= self._limits.disable_after_s:
            turn.disable = f"every attempt since {turn.failing.since.isoformat(timespec='seconds')} failed"


class _Turn:
    """What one lane does in one turn."""

    def __init__(self, lane: Lane) -> None:
        self.endpoint = lane.endpoint
        self.settled: list[Settled] = []
        self.failures = lane.failures
        self.failing = lane.failing
        self.pause_s = 0.0
        self.disable: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more is sent in this turn."""
        return self.pause_s > 0 or self.disable is not None

    def finished(self) -> Finished:
        """What is to be stored."""
        return Finished(
            endpoint=self.endpoint,
            settled=self.settled,
            failures=self.failures,
            failing=self.failing,
            pause_s=self.pause_s,
            disable=self.disable,
        )


def post_of(endpoint: Endpoint, message_id: str, body: bytes, *, at: datetime) -> Post:
    """One attempt as HTTP, signed for `at` with every secret that is live then."""
    timestamp = int(at.timestamp())
    secrets = endpoint.signing_secrets(at)
    return Post(
        url=endpoint.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_header(secrets, message_id=message_id, timestamp=timestamp, body=body),
        },
    )
