"""Which files make up the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.archive.tables import archive_days, archive_files
from services.events.adapters.sql.erasure.erasures import count_archived
from services.events.use_cases.archive.ports import ArchiveFile, ErasedSubjects, FileState, LedgerLost
from shared.sql.database import Database
from shared.sql.leases import Lease
from shared.sql.upsert import insert_for

_c = archive_files.c


class SqlArchiveLedger:
    """The ledger in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, files: Sequence[ArchiveFile]) -> None:
        """Keep files."""
        rows = [
            {
                "id": file.id,
                "day": file.day,
                "rows": file.rows,
                "bytes": file.bytes,
                "state": file.state,
                "created_at": file.created_at,
            }
            for file in files
        ]
        if rows:
            self._session.execute(insert(archive_files), rows)

    def in_state(self, *states: FileState, day: str | None = None) -> Sequence[ArchiveFile]:
        """The files in these states, the oldest day and file first."""
        query = select(archive_files).where(_c.state.in_(states)).order_by(_c.day, _c.id)
        if day is not None:
            query = query.where(_c.day == day)
        return [ArchiveFile(**row._mapping) for row in self._session.execute(query)]

    def set_state(self, files: Sequence[ArchiveFile], state: FileState) -> None:
        """Give files another state."""
        these = _c.id.in_([file.id for file in files])
        self._session.execute(update(archive_files).where(these).values(state=state))

    def resize(self, file: ArchiveFile, *, rows: int, size: int, erased: ErasedSubjects) -> None:
        """A published file has so many rows and bytes from now on; those it had more were erased."""
        self._session.execute(update(archive_files).where(_c.id == file.id).values(rows=rows, bytes=size))
        self.count_erased(file.day, file.rows - rows)
        count_archived(self._session, erased.erasure, file.rows - rows)

    def count_erased(self, day: str, rows: int) -> None:
        """So many touchpoints of a day were erased."""
        made = insert_for(self._session, archive_days).values(day=day, erased=rows)
        more = made.on_conflict_do_update(
            index_elements=["day"], set_={"erased": archive_days.c.erased + made.excluded.erased}
        )
        self._session.execute(more)

    def days_to_merge(self, *, before: str) -> Sequence[str]:
        """Days before this one that consist of several published files, the oldest first."""
        days = select(_c.day).where(_c.state == "published", _c.day < before).group_by(_c.day)
        return list(self._session.scalars(days.having(func.count() > 1).order_by(_c.day)))

    def drop_replaced(self, day: str) -> None:
        """Forget the files of a day that are in another one now."""
        self._session.execute(delete(archive_files).where(_c.day == day, _c.state == "replaced"))


class SqlArchiveStore:
    """Transactions over the ledger, for the one process that holds the archive's lease."""

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database = database
        self._lease = lease

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction that nobody else gets the lease in. Raises LedgerLost when another has it."""
        with self._database.transaction() as session:
            if not self._lease.confirm(session):
                raise LedgerLost("another worker keeps the archive now")
            yield session

    @contextmanager
    def transaction(self) -> Iterator[SqlArchiveLedger]:
        """The ledger in such a transaction."""
        with self.session() as session:
            yield SqlArchiveLedger(session)

    def hold(self) -> None:
        """Stay the one who keeps the archive, in the middle of long work. Raises LedgerLost."""
        if not self._lease.hold():
            raise LedgerLost("another worker keeps the archive now")
