"""Calls out of quarantine on their way back into the ingest topic: through the outbox, with the transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.events.adapters.bus.ingest_log import Envelope, events_of, records_of
from services.events.use_cases.accept_calls import Lanes
from services.events.use_cases.tracking_plan.ports import Entry
from shared.outbox.outbox import Outbox


class IngestOutbox:
    """Calls that go through ingestion again once the transaction has committed."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def send(self, entry: Entry, lanes: Lanes) -> None:
        """Let the call of an entry be received as of when it was first."""
        envelope = Envelope(source_id=entry.source_id, received_at=entry.received_at, traceparent=entry.traceparent)
        self._outbox.add_records(self._session, records_of(events_of(lanes, envelope)))
