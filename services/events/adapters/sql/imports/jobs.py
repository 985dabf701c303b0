"""Imports as those who ask for them see them: made, listed, cancelled, their refused rows read."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.imports.mappings import mapping_document
from services.events.adapters.sql.imports.tables import UNFINISHED, import_errors, imports
from services.events.domain.imports.errors import ImportEnded, ImportNotFound
from services.events.use_cases.imports.ports import CsvForm, ImportFile, ImportJob, ImportMapping, JobState, Progress

_c = imports.c


class SqlImportJobs:
    """Imports in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, job: ImportJob) -> None:
        """Keep a new import, to be begun by a worker."""
        row = {
            "id": job.id,
            "mapping_id": job.mapping.id,
            "mapping": mapping_document(job.mapping),
            "file_id": job.file.id,
            "file": asdict(job.file),
            "state": job.state,
            "cancel_requested": False,
            "created_at": job.created_at,
            "attempts": 0,
            **asdict(job.progress),
        }
        self._session.execute(insert(imports).values(row))

    def unfinished(self) -> int:
        """How many imports have not ended."""
        waiting = select(func.count()).select_from(imports).where(_c.state.in_(UNFINISHED))
        return self._session.scalar(waiting) or 0

    def get(self, import_id: str) -> ImportJob:
        """One import. Raises ImportNotFound."""
        return job_from(self._row(import_id))

    def page(self, *, limit: int, before: str | None, state: JobState | None) -> list[ImportJob]:
        """Imports, newest first, from behind the id `before`."""
        query = select(imports).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.id < before)
        if state is not None:
            query = query.where(_c.state == state)
        return [job_from(row) for row in self._session.execute(query)]

    def cancel(self, import_id: str, *, at: datetime) -> ImportJob:
        """End a waiting import, or ask a running one to end. Raises ImportNotFound or ImportEnded."""
        row = self._row(import_id, lock=True)
        if row.state not in UNFINISHED:
            raise ImportEnded(f"the import is {row.state} already")
        values: dict[str, Any] = {"cancel_requested": True}
        if row.state == "queued":
            values |= {"state": "cancelled", "finished_at": at}
        self._session.execute(update(imports).where(_c.id == import_id).values(values))
        return self.get(import_id)

    def header(self, import_id: str) -> tuple[list[str], str]:
        """The columns of an import's file, none before it was opened, and its delimiter. Raises ImportNotFound."""
        row = self._row(import_id)
        return list(row.header or ()), row.delimiter or row.mapping["csv"]["delimiter"] or ","

    def oldest_running(self) -> datetime | None:
        """As of when the running import that was asked for first sends its rows."""
        asked: datetime | None = self._session.scalar(select(func.min(_c.created_at)).where(_c.state == "running"))
        return asked

    def forget(self, *, before: datetime) -> None:
        """Forget imports that ended before a moment, and their refused rows."""
        old = select(_c.id).where(_c.finished_at < before, _c.state.not_in(UNFINISHED))
        self._session.execute(delete(import_errors).where(import_errors.c.import_id.in_(old)))
        self._session.execute(delete(imports).where(_c.id.in_(old)))

    def _row(self, import_id: str, *, lock: bool = False) -> Row[Any]:
        query = select(imports).where(_c.id == import_id)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise ImportNotFound(f"no import {import_id}")
        return row


def job_from(row: Row[Any]) -> ImportJob:
    """A stored import."""
    return ImportJob(
        id=row.id,
        mapping=msgspec.convert(row.mapping | {"csv": CsvForm(**row.mapping["csv"])}, ImportMapping),
        file=msgspec.convert(row.file, ImportFile),
        state=row.state,
        reason=row.reason,
        cancel_requested=row.cancel_requested,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=Progress(**{part.name: getattr(row, part.name) for part in fields(Progress)}),
    )
