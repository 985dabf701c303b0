"""Facts about touchpoints on their way out: through the outbox, in records made before the transaction if possible."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from shared.bus.cloudevents import Event
from shared.contracts.topics import TOUCHPOINTS
from shared.outbox.outbox import Outbox, records_of


class Packed:
    """The records in which `events` travel if all of them do; needs no transaction."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.records = records_of(TOUCHPOINTS, events)


class TouchpointsOut:
    """The outbox in one transaction."""

    def __init__(self, session: Session, outbox: Outbox, packed: Packed | None) -> None:
        self._session = session
        self._outbox = outbox
        self._packed = packed

    def add(self, events: Sequence[Event]) -> None:
        """Tell these facts about touchpoints once the transaction has committed."""
        packed = self._packed
        if packed is None or packed.events != events:  # some were seen before, flagged or held back
            packed = Packed(events)
        self._outbox.add_records(self._session, packed.records)
