"""Touchpoints by their id, as they are stored: TouchpointRecordedV1 as JSON bytes."""

from __future__ import annotations

from itertools import islice

import msgspec
from sqlalchemy import ColumnElement, false, or_, select, union_all
from sqlalchemy.orm import Session

from services.events.adapters.sql.parts import of_subject
from services.events.adapters.sql.seen.opening import seen_messages_on
from services.events.adapters.sql.tables import inbound_sources, seen_messages, sources, touchpoints
from services.events.domain.duplicates import message_hash

_columns = touchpoints.c


def one_touchpoint(session: Session, touchpoint_id: str) -> bytes | None:
    """The document of one touchpoint; its id tells the one partition in which it can be."""
    stored = session.scalar(select(_columns.document).where(_columns.id == touchpoint_id))
    return None if stored is None else bytes(stored)


def latest_touchpoints(
    session: Session, *, subject: str | None, message_id: str | None, limit: int, before: str | None
) -> list[tuple[str, bytes]]:
    """Touchpoints with their ids, the last recorded first, from behind the id `before`.

    A message is found for as long as its duplicates are looked for: a day at least.
    """
    query = select(_columns.id, _columns.document).order_by(_columns.id.desc())
    if subject is not None:
        query = query.where(of_subject(session, subject))
    if before is not None:
        query = query.where(_columns.id < before)
    if message_id is None:
        return [(row.id, bytes(row.document)) for row in session.execute(query.limit(limit))]
    near = query.where(or_(false(), *(_begins_with(start) for start in _starts(session, message_id))))
    found = ((row.id, bytes(row.document)) for row in session.execute(near))
    return list(islice((each for each in found if _decode(each[1]).message_id == message_id), limit))


class _Named(msgspec.Struct):
    message_id: str


_decode = msgspec.json.Decoder(_Named).decode


def _starts(session: Session, message_id: str) -> set[str]:
    """How the ids of a message's touchpoints begin: one of each sender that sent it."""
    senders = union_all(select(sources.c.id), select(inbound_sources.c.id))
    hashes = [message_hash(source_id, message_id) for source_id in session.scalars(senders)]
    buckets = seen_messages_on(session.get_bind().dialect.name).buckets(session)
    seen = (seen_messages.c.bucket.in_(buckets)) & (seen_messages.c.hash.in_(hashes))
    return set(session.scalars(select(seen_messages.c.touchpoint_id).where(seen)))


def _begins_with(start: str) -> ColumnElement[bool]:
    return (_columns.id >= start) & (_columns.id < f"{start}g")  # a letter behind all that ids are made of
