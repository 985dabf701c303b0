"""The archive as an operator sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from services.events.adapters.sql.archive.tables import archive_days, archive_files
from services.events.adapters.sql.sums import count_sum
from services.events.adapters.sql.tables import tallies
from services.events.domain.errors import ArchiveFileNotFound
from services.events.use_cases.archive.ports import ArchiveFile

_f = archive_files.c
_FOUND = _f.state.in_(("published", "replaced"))
"""What readers find: those that are merged are exchanged for their sum at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDay:
    """What of one day is in the archive, beside what was recorded that day."""

    day: str
    files: int
    rows: int
    bytes: int
    erased: int
    recorded: int

    @property
    def is_complete(self) -> bool:
        """Whether everything that was recorded is there, but for what was erased."""
        return self.rows + self.erased == self.recorded


def read_days(session: Session, *, before: str | None, limit: int) -> list[ArchiveDay]:
    """Days on which anything was recorded or archived, the last first, from behind the day `before`."""
    recorded = _recorded(session)
    archived = session.scalars(union(select(_f.day), select(archive_days.c.day)))
    days = sorted({*recorded, *archived}, reverse=True)
    wanted = [day for day in days if before is None or day < before][:limit]
    sums = select(_f.day, func.count(), count_sum(_f.rows), count_sum(_f.bytes)).where(_f.day.in_(wanted), _FOUND)
    found = {row[0]: row[1:] for row in session.execute(sums.group_by(_f.day))}
    erased_in = select(archive_days.c.day, archive_days.c.erased).where(archive_days.c.day.in_(wanted))
    erased = {row[0]: row[1] for row in session.execute(erased_in)}
    return [
        ArchiveDay(
            day=day,
            files=files,
            rows=rows,
            bytes=size,
            erased=erased.get(day, 0),
            recorded=recorded.get(day, 0),
        )
        for day in wanted
        for files, rows, size in (found.get(day, (0, 0, 0)),)
    ]


def read_files(session: Session, *, day: str | None, before: str | None, limit: int) -> list[ArchiveFile]:
    """Files that readers find, the last written first, from behind the id `before`."""
    query = select(archive_files).where(_FOUND).order_by(_f.id.desc()).limit(limit)
    if day is not None:
        query = query.where(_f.day == day)
    if before is not None:
        query = query.where(_f.id < before)
    return [ArchiveFile(**row._mapping) for row in session.execute(query)]


def read_file(session: Session, file_id: str) -> ArchiveFile:
    """One file. Raises ArchiveFileNotFound."""
    row = session.execute(select(archive_files).where(_FOUND, _f.id == file_id)).one_or_none()
    if row is None:
        raise ArchiveFileNotFound(f"no file {file_id} in the archive; closed days become one file, under a new id")
    return ArchiveFile(**row._mapping)


def _recorded(session: Session) -> dict[str, int]:
    counts = select(tallies.c.bucket, count_sum(tallies.c.touchpoints)).group_by(tallies.c.bucket)
    return {date.fromordinal(bucket).isoformat(): count for bucket, count in session.execute(counts) if count}
