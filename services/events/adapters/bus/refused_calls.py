"""Dead letters of single calls, and of webhooks that no calls can be made of: the rest of their record goes through."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from services.events.adapters.bus.ingest_log import SOURCE
from shared.bus.cloudevents import Event
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.topics import INGEST
from shared.ids import new_id
from shared.inbox.dead_letters import DeadLetters


class RefusedCalls:
    """The dead letters of `consumer` in one transaction."""

    def __init__(self, session: Session, dead_letters: DeadLetters, *, consumer: str) -> None:
        self._session = session
        self._dead_letters = dead_letters
        self._consumer = consumer

    def add(self, received: IngestReceivedV1 | IngestWebhookReceivedV1, reason: str) -> None:
        """Keep it with the reason, so that it can be replayed."""
        event = Event(
            id=new_id(),
            source=SOURCE,
            type=received.event_type,
            time=received.received_at,
            data=msgspec.json.encode(received),
            traceparent=received.traceparent,
        )
        self._dead_letters.add(
            self._session, event, consumer=self._consumer, topic=INGEST.name, reason=reason, attempts=1
        )
