"""Replays: an endpoint is told the facts of a time again, beside what happens and never before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.events.domain.webhooks.errors import ReplayRunning
from services.events.domain.webhooks.replays import Replay, check_window
from services.events.use_cases.webhooks.feed_webhooks import messages_of
from services.events.use_cases.webhooks.ports import Endpoints
from services.events.use_cases.webhooks.public_events import named
from services.events.use_cases.webhooks.replay_ports import Chunk, Replays
from shared.clock import Clock
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReplay:
    """What a caller asks for; `until` is now unless an earlier moment is named."""

    since: datetime
    until: datetime | None
    event_types: Sequence[str]
    missing_only: bool


def begin_replay(
    endpoints: Endpoints, replays: Replays, endpoint_id: str, wanted: WantedReplay, *, clock: Clock
) -> Replay:
    """Ask for a replay. Raises EndpointNotFound, WindowRefused, or ReplayRunning while there is another."""
    endpoint, now = endpoints.get(endpoint_id, lock=True), clock()
    since, until = check_window(wanted.since, wanted.until, now=now)
    if replays.is_running(endpoint_id):
        raise ReplayRunning(f"a replay to endpoint {endpoint_id} is under way; wait for its end or cancel it")
    replay = Replay(
        id=new_id(),
        endpoint_id=endpoint.id,
        owner=endpoint.owner,
        since=since,
        until=until,
        event_types=tuple(wanted.event_types),
        missing_only=wanted.missing_only,
        state="running",
        created_at=now,
    )
    replays.add(replay)
    return replay


def feed_replay(replay: Replay, chunk: Chunk, replays: Replays) -> bool:
    """Put the wanted facts of a chunk into the endpoint's lane and move the replay on, in the caller's transaction.

    False, with nothing done, when the replay was canceled, was fed by another worker, or its endpoint hears nothing.
    """
    listener = replays.listener(replay)
    facts = [fact for fact in chunk.facts if (known := named(fact)) and replay.covers(known.happened(fact))]
    if listener is None or not replays.advance(replay, stretches=chunk.stretches, read=len(facts), done=chunk.is_last):
        return False
    replays.post(replay, messages_of(facts, [listener]))
    return True
