"""How far a consumer has come, and which records it has seen, in its own database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from shared.bus.cloudevents import own_id
from shared.bus.ports import Partition, Record
from shared.sql.bulk import bound, insert_rows
from shared.sql.plumbing import inbox_positions, inbox_records
from shared.sql.upsert import insert_for

_REMEMBER = timedelta(days=7)


class Overtaken(Exception):
    """Another member of the group has moved this position: our batch is not ours any more."""


def load(session: Session, consumer: str, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition that was read before."""
    wanted = set(partitions)
    rows = session.execute(select(inbox_positions).where(inbox_positions.c.consumer == consumer))
    return {(r.topic, r.partition): r.next_offset for r in rows if (r.topic, r.partition) in wanted}


def advance(
    session: Session, consumer: str, *, believed: Mapping[Partition, int], reached: Mapping[Partition, int]
) -> None:
    """Move from the believed to the reached offsets. Raises Overtaken when a position is not where we believed."""
    known = sorted(reached.keys() & believed.keys())
    held = _held(session, consumer, known) if known else {}
    for place in known:
        if held.get(place) != believed[place]:
            raise Overtaken(f"{consumer}: {place[0]}/{place[1]} is not at {believed[place]}")
    made = insert_for(session, inbox_positions)
    moved = made.on_conflict_do_update(
        index_elements=["consumer", "topic", "partition"], set_={"next_offset": made.excluded.next_offset}
    )
    if known:
        session.execute(moved.values(_rows(consumer, known, reached)))
    if first := sorted(reached.keys() - believed.keys()):
        begun = made.on_conflict_do_nothing().values(_rows(consumer, first, reached))
        if len(session.execute(begun.returning(inbox_positions.c.partition)).all()) < len(first):
            raise Overtaken(f"{consumer}: another has begun to read {first[0][0]}")


def _held(session: Session, consumer: str, places: Sequence[Partition]) -> dict[Partition, int]:
    """The positions of these partitions, which nobody else moves before the transaction ends."""
    c = inbox_positions.c
    mine = (c.consumer == consumer) & tuple_(c.topic, c.partition).in_(places)
    rows = session.execute(
        select(c.topic, c.partition, c.next_offset).where(mine).order_by(c.topic, c.partition).with_for_update()
    )
    return {(topic, partition): offset for topic, partition, offset in rows}


def _rows(consumer: str, places: Sequence[Partition], reached: Mapping[Partition, int]) -> list[dict[str, str | int]]:
    return [
        {"consumer": consumer, "topic": topic, "partition": partition, "next_offset": reached[topic, partition]}
        for topic, partition in places
    ]


def handled(session: Session, consumer: str, record_ids: Collection[str]) -> set[str]:
    """Those of the records, by id, that this consumer has handled."""
    mine = (inbox_records.c.consumer == consumer) & inbox_records.c.record_id.in_(record_ids)
    return set(session.scalars(select(inbox_records.c.record_id).where(mine)))


def ahead(records: Sequence[Record], believed: Mapping[Partition, int]) -> list[Record]:
    """The records that lie at or behind the positions; one before them has had its effect."""
    return [record for record in records if record.offset >= believed.get((record.topic, record.partition), 0)]


def unseen(session: Session, consumer: str, records: Sequence[Record], *, now: datetime) -> list[Record]:
    """The records that this consumer has not handled; from now on they count as handled.

    A record without an id of its own is known by its place, and its place by the position that has just moved.
    """
    first: dict[str, Record] = {}
    fresh = [record for record in records if (own := own_id(record)) is None or first.setdefault(own, record) is record]
    if not first:
        return fresh
    known = handled(session, consumer, first)
    c = inbox_records.c
    new = sorted(first.keys() - known)
    if new:
        columns = (c.consumer, c.record_id, c.handled_at)
        insert_rows(session, columns, bound(session, columns, ((consumer, each, now) for each in new)))
    return [record for record in fresh if own_id(record) not in known] if known else fresh


def forget_old(session: Session, *, now: datetime) -> None:
    """Drop what no log redelivers any more."""
    session.execute(delete(inbox_records).where(inbox_records.c.handled_at < now - _REMEMBER))
