"""From records of the bus to files: the position moves in the transaction that enters the files in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec
import pyarrow as pa
from sqlalchemy.orm import Session

from services.events.adapters.parquet.folder import ArchiveFolder
from services.events.adapters.parquet.rows import Touchpoint, decode, decode_batch, table_of
from services.events.adapters.sql.archive.ledger import SqlArchiveLedger, SqlArchiveStore
from services.events.use_cases.archive.keep_archive import day_of
from services.events.use_cases.archive.ports import ArchiveFile
from shared.bus.cloudevents import Event, MalformedRecord, from_record, record_id
from shared.bus.ports import Partition, Record
from shared.clock import Clock
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.erased_names import ErasedNames, NameHash
from shared.ids import new_id
from shared.inbox import positions
from shared.inbox.dead_letters import DeadLetter, DeadLetters, mark_dead_again, mark_replayed, to_replay
from shared.inbox.positions import Overtaken
from shared.sql.database import Database

ARCHIVE_CONSUMER = "events.archive"
_PAGE = 1_000
T = TypeVar("T")


@dataclass(slots=True)
class _Read:
    """What was in some records: touchpoints, and events that are none although they say so, with the reason."""

    touchpoints: list[Touchpoint] = field(default_factory=list)
    broken: list[tuple[Event, str]] = field(default_factory=list)

    def take(self, event: Event) -> str | None:
        """Read one event; what is wrong with it."""
        if event.type != TouchpointRecordedV1.event_type:
            return None
        try:
            self.touchpoints.append(decode(event.data))
        except msgspec.MsgspecError as error:
            return f"breaks its contract: {error}"
        return None


class ArchiveWriter:
    """Writes batches of records, each once. Raises OSError, DBAPIError, LedgerLost or Overtaken with nothing done."""

    def __init__(
        self,
        *,
        database: Database,
        store: SqlArchiveStore,
        folder: ArchiveFolder,
        dead_letters: DeadLetters,
        hashed: NameHash,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._folder = folder
        self._dead_letters = dead_letters
        self._hashed = hashed
        self._clock = clock

    def write(self, records: Sequence[Record], believed: dict[Partition, int], reached: dict[Partition, int]) -> int:
        """Enter records, and dead letters that an operator wants to see again, in the archive; how many rows.

        They are not published yet. `believed` is where the positions are, `reached` where they are afterwards.
        """
        fresh, letters = self._fresh(records)
        read = _read(fresh)
        unreadable = {letter.id: reason for letter in letters if (reason := read.take(letter.event))}
        kept, erased = self._living(read.touchpoints)
        files = [self._file(day, table) for day, table in kept.items()]
        with self._store.session() as session:
            positions.advance(session, ARCHIVE_CONSUMER, believed=believed, reached=reached)
            self._claim(session, fresh)
            ledger = SqlArchiveLedger(session)
            ledger.add(files)
            for day, rows in erased.items():
                ledger.count_erased(day, rows)
            for event, reason in read.broken:
                self._dead_letters.add(
                    session, event, consumer=ARCHIVE_CONSUMER, topic=TOUCHPOINTS.name, reason=reason, attempts=1
                )
            self._settle(session, letters, unreadable)
        return sum(file.rows for file in files)

    def _fresh(self, records: Sequence[Record]) -> tuple[list[Record], Sequence[DeadLetter]]:
        """The records that were not archived before, each once, and the letters to try again."""
        by_id = {record_id(record): record for record in reversed(records)}
        with self._database.reading() as session:
            for ids in _pages(list(by_id)):
                for known in positions.handled(session, ARCHIVE_CONSUMER, ids):
                    del by_id[known]
            letters = to_replay(session, ARCHIVE_CONSUMER)
        return list(reversed(by_id.values())), letters

    def _living(self, touchpoints: Sequence[Touchpoint]) -> tuple[dict[str, pa.Table], Mapping[str, int]]:
        """A table for each day of those whose customers were not erased since, and how many were.

        Who is erased from now on has it taken out of the files, for that is done by this very process, later.
        """
        with self._database.transaction() as session:
            living = ErasedNames(session, self._hashed).without(
                touchpoints, names=lambda each: (each.subject,), moment=lambda each: each.received_at
            )
        days = _by_day(living)
        gone = Counter(_days(touchpoints)) - Counter(_days(living)) if len(living) < len(touchpoints) else {}
        return {day: table_of(rows) for day, rows in days.items()}, gone

    def _file(self, day: str, table: pa.Table) -> ArchiveFile:
        file_id = new_id()
        size = self._folder.write(file_id, table)
        return ArchiveFile(id=file_id, day=day, rows=table.num_rows, bytes=size, created_at=self._clock())

    def _claim(self, session: Session, fresh: Sequence[Record]) -> None:
        for page in _pages([replace(record, value=b"") for record in fresh]):
            if len(positions.unseen(session, ARCHIVE_CONSUMER, page, now=self._clock())) < len(page):
                raise Overtaken(f"{ARCHIVE_CONSUMER}: another has archived some of it meanwhile")

    def _settle(self, session: Session, letters: Sequence[DeadLetter], unreadable: Mapping[str, str]) -> None:
        for letter in letters:
            if letter.id in unreadable:
                mark_dead_again(session, letter, reason=unreadable[letter.id])
            else:
                mark_replayed(session, letter.id, at=self._clock())


def _read(records: Sequence[Record]) -> _Read:
    read = _Read()
    for record in records:
        try:
            read.touchpoints += [told.data for told in decode_batch(record.value)]
        except (msgspec.MsgspecError, UnicodeDecodeError):  # seldom: it holds something else, too
            _read_singly(record, read)
    return read


def _read_singly(record: Record, read: _Read) -> None:
    try:
        events = from_record(record)
    except MalformedRecord as error:
        read.broken.append((_opaque(record), f"malformed record: {error}"))
        return
    for event in events:
        if reason := read.take(event):
            read.broken.append((event, reason))


def _opaque(record: Record) -> Event:
    return Event(id=record_id(record), source="unknown", type="unknown", time=record.appended_at, data=record.value)


def _by_day(touchpoints: Sequence[Touchpoint]) -> dict[str, list[Touchpoint]]:
    days: dict[str, list[Touchpoint]] = {}
    for day, touchpoint in zip(_days(touchpoints), touchpoints, strict=True):
        days.setdefault(day, []).append(touchpoint)
    return days


def _days(touchpoints: Sequence[Touchpoint]) -> list[str]:
    return [day_of(touchpoint.received_at) for touchpoint in touchpoints]


def _pages(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]
