"""What outgoing webhooks need of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.events.domain.webhooks.endpoints import Endpoint
from services.events.domain.webhooks.failing import Failing
from services.events.domain.webhooks.retries import Answer, Verdict


class Endpoints(Protocol):
    """The endpoints that an owner may see, in the caller's transaction."""

    def add(self, endpoint: Endpoint) -> None:
        """Keep a new endpoint. Raises TooManyEndpoints."""
        ...

    def get(self, endpoint_id: str, *, lock: bool = False) -> Endpoint:
        """One endpoint, held until the transaction ends with `lock`. Raises EndpointNotFound."""
        ...

    def save(self, endpoint: Endpoint) -> None:
        """Replace what is kept of an endpoint that was got with `lock`."""
        ...


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint that is not disabled, and what it wants to hear; nothing means everything."""

    endpoint_id: str
    owner: str
    event_types: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One body and the listeners that it is for. `fact` is what no other fact of the time `happened` is called."""

    event_type: str
    fact: str
    happened: datetime
    body: bytes
    listeners: Sequence[Listener]


class Mailbox(Protocol):
    """Where deliveries are put, in the caller's transaction."""

    def listeners(self) -> Sequence[Listener]:
        """Every endpoint that is not disabled."""
        ...

    def post(self, messages: Sequence[Message]) -> None:
        """A delivery for each listener of each message, in order; of what a listener was told before, none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A delivery that is due. `id` is its webhook-id; `step` its place in the schedule."""

    id: str
    body: bytes
    step: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An endpoint that this worker alone delivers to, for as long as it holds it, and what is due there."""

    endpoint: Endpoint
    failures: int
    failing: Failing | None
    pending: Sequence[Pending]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One attempt and what follows from it."""

    pending: Pending
    at: datetime
    answer: Answer
    verdict: Verdict
    retry_in_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a lane did, to be stored at once: its attempts, and how the endpoint is now.

    `disable` says why the endpoint is disabled from now on, if it is.
    """

    endpoint: Endpoint
    settled: Sequence[Settled]
    failures: int
    failing: Failing | None
    pause_s: float = 0.0
    disable: str | None = None


class Lanes(Protocol):
    """The queue of endpoints that have something due, shared by any number of workers. Safe to use from threads."""

    def lease(self, *, healthy: int, failing: int) -> Sequence[Lane]:
        """Take at most so many lanes that have something due, those that wait longest first."""
        ...

    def finish(self, finished: Sequence[Finished]) -> None:
        """Store what was done and let go of the lanes, in one transaction."""
        ...

    def release_all(self) -> None:
        """Let go of everything that this worker still holds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One HTTP request: where to, and what."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Sender(Protocol):
    """Posts webhooks."""

    async def send(self, post: Post) -> Answer:
        """Post within the total deadline; never raises for what the other side does."""
        ...
