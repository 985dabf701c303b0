"""What the tests of profile feed in and read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.profile_reading import ProfileReading, WholeProfile
from services.profile.adapters.sql.tables import metadata
from services.profile.bootstrap import Wiring
from services.profile.domain.identifiers import Identifier
from shared.bus.cloudevents import from_record
from shared.bus.ports import Record
from shared.clock import utc_now
from shared.contracts.contract import Contract, contract_for
from shared.contracts.events import Order, TouchpointRecordedV1
from shared.ids import new_id
from shared.sql.plumbing import outbox

START = datetime(2026, 1, 1, tzinfo=UTC)


def touchpoint(kind: str = "track", *, hours: float = 0, **fields: Any) -> TouchpointRecordedV1:
    """A touchpoint `hours` after START."""
    at = START + timedelta(hours=hours)
    whole: dict[str, Any] = {
        "touchpoint_id": new_id(),
        "message_id": new_id(),
        "source_id": "web",
        "kind": kind,
        "subject": "",
        "occurred_at": at,
        "received_at": at,
    }
    return TouchpointRecordedV1(**(whole | fields))


def bought(order_id: str, amount: int, *, currency: str = "TWD", status: Any = "completed") -> Order:
    """An order of one event."""
    return Order(order_id=order_id, status=status, currency=currency, amount_minor=amount)


def feed(wiring: Wiring, *facts: Contract) -> list[Contract]:
    """Handle one batch; the facts it told."""
    with wiring.database.transaction() as session:
        if isinstance(facts[0], TouchpointRecordedV1):
            wiring.handle_touchpoints(session, facts)
        else:
            wiring.handle_scores(session, facts)
    return told(wiring)


def told(wiring: Wiring) -> list[Contract]:
    """What waits in the outbox, which is then emptied."""
    with wiring.database.transaction() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.sequence)).all()
        session.execute(delete(outbox))
    facts: list[Contract] = []
    for place, row in enumerate(rows):
        headers = tuple((name, value.encode("latin-1")) for name, value in row.headers)
        record = Record(row.topic, row.partition, place, bytes(row.value), row.key, headers, utc_now())
        for event in from_record(record):
            known = contract_for(event.type)
            assert known is not None
            facts.append(msgspec.json.decode(event.data, type=known))
    return facts


def of_type(facts: Sequence[Contract], kind: type[Any]) -> list[Any]:
    """The facts of one contract."""
    return [fact for fact in facts if isinstance(fact, kind)]


def known_as(wiring: Wiring, kind: str, value: str) -> WholeProfile:
    """The profile of an identifier."""
    with wiring.database.reading() as session:
        return ProfileReading(session).known_as(Identifier(kind, value))


def values_of(whole: WholeProfile) -> dict[str, Any]:
    """Traits by key."""
    return {trait.key: trait.value for trait in whole.traits}


def everybody(wiring: Wiring) -> list[WholeProfile]:
    """All profiles."""
    with wiring.database.reading() as session:
        return ProfileReading(session).page(after=None, limit=10_000, identified=None)


def clear(session: Session) -> None:
    """Empty profile's tables, for the next generated example."""
    for table in metadata.sorted_tables:
        session.execute(delete(table))
    session.execute(delete(outbox))
