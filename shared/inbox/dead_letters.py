"""Facts that could not be handled: kept with the reason, told on `<topic>.dead-letter`, replayed on request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Headers
from shared.clock import Clock, utc_now
from shared.contracts.topics import BY_NAME, dead_letter_of
from shared.ids import new_id
from shared.inbox.mentions import is_about
from shared.outbox.outbox import Outbox
from shared.sql.plumbing import dead_letters
from shared.telemetry.metrics import DEAD_LETTERS

_MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that was given up on. `state` is `dead`, `replay_requested` or `replayed`."""

    id: str
    consumer: str
    event: Event
    reason: str
    attempts: int
    state: str


class DeadLetters:
    """The dead letters of one service. `service` goes into the headers of what is published."""

    def __init__(self, service: str, outbox: Outbox, clock: Clock = utc_now) -> None:
        self._service = service
        self._outbox = outbox
        self._clock = clock

    def add(self, session: Session, event: Event, *, consumer: str, topic: str, reason: str, attempts: int) -> None:
        """Keep `event` and tell the dead-letter topic, in the caller's transaction."""
        reason = reason[:_MAX_REASON].replace("\x00", "�")
        session.execute(
            insert(dead_letters).values(
                id=new_id(),
                consumer=consumer,
                topic=topic,
                event_id=event.id,
                event_type=event.type,
                record=msgspec.json.encode(event),
                reason=reason,
                attempts=attempts,
                state="dead",
                created_at=self._clock(),
            )
        )
        about = self._headers(consumer=consumer, reason=reason, attempts=attempts)
        record = to_record([event], topic=dead_letter_of(BY_NAME[topic]), key=event.id, record_id=new_id())
        self._outbox.add_records(session, [replace(record, headers=(*record.headers, *about))])
        DEAD_LETTERS.labels(consumer).inc()

    def _headers(self, *, consumer: str, reason: str, attempts: int) -> Headers:
        return (
            ("rapport_service", self._service.encode()),
            ("rapport_consumer", consumer.encode()),
            ("rapport_reason", reason.encode("utf-8", "replace")),
            ("rapport_attempts", str(attempts).encode()),
        )


def to_replay(session: Session, consumer: str, limit: int = 50) -> Sequence[DeadLetter]:
    """Dead letters of `consumer` whose replay was asked for, oldest first."""
    wanted = (dead_letters.c.consumer == consumer) & (dead_letters.c.state == "replay_requested")
    rows = session.execute(select(dead_letters).where(wanted).order_by(dead_letters.c.id).limit(limit))
    return [
        DeadLetter(
            id=row.id,
            consumer=row.consumer,
            event=msgspec.json.decode(row.record, type=Event),
            reason=row.reason,
            attempts=row.attempts,
            state=row.state,
        )
        for row in rows
    ]


def mend_dead_letters(session: Session, mend: Callable[[Event], Event | None]) -> None:
    """Replace every dead letter by what `mend` makes of it, which may be the same; None deletes it."""
    rows = session.execute(select(dead_letters.c.id, dead_letters.c.record).order_by(dead_letters.c.id))
    for row in rows.all():
        event = msgspec.json.decode(row.record, type=Event)
        mended = mend(event)
        if mended is None:
            session.execute(delete(dead_letters).where(dead_letters.c.id == row.id))
        elif mended is not event:
            _set(session, row.id, record=msgspec.json.encode(mended))


def forget_dead_letters(session: Session, names: Collection[str]) -> None:
    """Delete the dead letters that are about one of `names`."""
    mend_dead_letters(session, lambda event: None if is_about(event.data, names) else event)


def mark_replayed(session: Session, letter_id: str, *, at: datetime) -> None:
    """The effect has happened, in the caller's transaction."""
    _set(session, letter_id, state="replayed", replayed_at=at)


def mark_dead_again(session: Session, letter: DeadLetter, *, reason: str) -> None:
    """The replay failed as well."""
    _set(session, letter.id, state="dead", reason=reason[:_MAX_REASON], attempts=letter.attempts + 1)


def _set(session: Session, letter_id: str, **values: object) -> None:
    session.execute(update(dead_letters).where(dead_letters.c.id == letter_id).values(**values))
