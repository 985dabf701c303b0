"""Messages that were seen, on SQLite: a day is many buckets, and only the last of them takes new messages.

A hash is a random key. In one tree for a day each message comes to need a page of its own, to be read, written and
written to the log; a bucket of `FULL` messages has so few pages (some 7 MB) that those of a transaction share them,
however many came before. A bucket that is full is sealed: what its hashes begin with is kept beside it, and every
process has that in memory for all sealed buckets, so that they are read only where a message most likely is.

There is one writer at a time, so that no two of them open or seal a bucket.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.seen.sealed import SealedMessages, SealedPart
from services.events.adapters.sql.tables import message_buckets, seen_messages
from services.events.domain.duplicates import REMEMBERED_DAYS, buckets_near
from services.events.use_cases.ports import Seen
from shared.ids import new_id
from shared.sql.bulk import insert_rows, values_present
from shared.sql.database import Database

FULL = 131_072
_AT_ONCE = 20_000
_parts, _seen = message_buckets.c, seen_messages.c


class SeenInParts:
    """`full` is how many messages a bucket has before it is sealed; a transaction's last batch may go beyond."""

    def __init__(self, *, full: int = FULL) -> None:
        self._full = full
        self._sealed = SealedMessages()

    def known(self, session: Session, hashes_by_day: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were seen before, on their day or one of its neighbours."""
        parts = session.execute(select(_parts.bucket, _parts.day, _parts.seal)).all()
        day_of = {part.bucket: part.day for part in parts}
        open_parts = [part.bucket for part in parts if part.seal is None]
        sealed = {SealedPart(part.seal, part.bucket) for part in parts if part.seal is not None}
        beginnings = self._sealed.as_of(sealed, lambda part: _beginnings(session, part))
        found: set[bytes] = set()
        for day, hashes in hashes_by_day.items():
            ordered = sorted(hashes)  # as the trees are, so that each of their pages is visited once
            places = dict.fromkeys(open_parts, ordered) | beginnings.candidates(ordered)
            for bucket, some in places.items():
                if day_of[bucket] in buckets_near(day):
                    found |= values_present(session, _seen.hash, some, within=(_seen.bucket, [bucket]))
        return found

    def add(self, session: Session, seen: Sequence[Seen]) -> None:
        """Remember messages in the open buckets of their days."""
        by_day: dict[int, list[Seen]] = defaultdict(list)
        for one in seen:
            by_day[one.bucket].append(one)
        for day, some in by_day.items():
            bucket = self._open_part(session, day)
            rows = sorted([(hashed, start) for _, hashed, start in some], key=itemgetter(0))
            insert_rows(session, (_seen.hash, _seen.touchpoint_id), rows, shared=(_seen.bucket, bucket))
            counted = update(message_buckets).where(_parts.bucket == bucket)
            session.execute(counted.values(messages=_parts.messages + len(some)))

    def buckets(self, session: Session) -> list[int]:
        """All buckets of all days that are remembered."""
        return list(session.scalars(select(_parts.bucket)))

    def forget(self, database: Database, *, today: int) -> None:
        """Drop the days in which no duplicate is looked for any more, so many at once that writers wait little."""
        going_on = True
        while going_on:
            with database.transaction() as session:
                going_on = _forget_some(session, before=today - REMEMBERED_DAYS)

    def _open_part(self, session: Session, day: int) -> int:
        """The bucket that takes the day's messages; a full one is sealed, and another follows it."""
        part = session.execute(
            select(_parts.bucket, _parts.messages).where(_parts.day == day, _parts.seal.is_(None))
        ).one_or_none()
        if part is not None and part.messages < self._full:
            return cast(int, part.bucket)
        if part is not None:
            _seal(session, part.bucket)
        bucket = 1 + (session.scalar(select(func.max(_parts.bucket))) or 0)
        session.execute(insert(message_buckets).values(bucket=bucket, day=day, messages=0))
        return bucket


def _seal(session: Session, bucket: int) -> None:
    """Let a bucket take no more: some 60 ms for `FULL` messages.

    Its seal is new each time, for a bucket that is sealed again after a rollback may hold other messages then.
    """
    # One row of text: each row of its own would give up the interpreter lock, and wait for it beside a busy thread.
    beginning = func.hex(func.substr(_seen.hash, 1, 8))
    beginnings = session.scalar(select(func.group_concat(beginning, "")).where(_seen.bucket == bucket)) or ""
    sealing = update(message_buckets).where(_parts.bucket == bucket)
    session.execute(sealing.values(seal=new_id(), beginnings=bytes.fromhex(beginnings)))


def _beginnings(session: Session, part: SealedPart) -> bytes:
    return bytes(session.scalars(select(_parts.beginnings).where(_parts.seal == part.seal)).one())


def _forget_some(session: Session, *, before: int) -> bool:
    """Drop messages of one bucket of a day before `before`, and it when that was all. False when there is none."""
    # Chosen anew each time: when no bucket is left, their numbers begin again.
    bucket = session.scalar(select(_parts.bucket).where(_parts.day < before).limit(1))
    if bucket is None:
        return False
    some = select(_seen.hash).where(_seen.bucket == bucket).limit(_AT_ONCE)
    done = session.execute(delete(seen_messages).where(_seen.bucket == bucket, _seen.hash.in_(some)))
    if cast(CursorResult[Any], done).rowcount < _AT_ONCE:
        session.execute(delete(message_buckets).where(_parts.bucket == bucket))
    return True
