"""Imports as a worker sees them: leased by the database's clock, and brought further a step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from services.events.adapters.sql.holders import Holder
from services.events.adapters.sql.imports.jobs import job_from
from services.events.adapters.sql.imports.refused_rows import ErasedIn, RefusedRows
from services.events.adapters.sql.imports.tables import imported_messages, imports
from services.events.domain.duplicates import message_hash
from services.events.domain.imports.calls import MadeCall
from services.events.use_cases.imports.ports import Done, ImportJob, JobState, LostLease, Table
from shared.sql.bulk import insert_rows, values_present
from shared.sql.database import Database
from shared.sql.present import database_now

MAX_ATTEMPTS = 5
_c, _seen = imports.c, imported_messages.c


class SqlImportQueue:
    """The imports that wait, and those whose worker has been silent for `seconds`."""

    def __init__(self, database: Database, erased: ErasedIn, *, seconds: float) -> None:
        self._database = database
        self._erased = erased
        self._seconds = seconds
        self._holder = Holder(database, imports)

    def lease(self) -> tuple[ImportJob, SqlLedger] | None:
        """Begin, or go on with, the oldest import whose mapping no other is running for; None if there is none."""
        self._holder.begin()
        with self._database.reading() as session:  # a queue is mostly empty, and a writer would keep others waiting
            if session.execute(_next(database_now(session))).first() is None:
                return None
        try:
            with self._database.transaction() as session:
                return self._leased(session)
        except IntegrityError:  # another worker began one of the same mapping in the same moment
            return None

    def _leased(self, session: Session) -> tuple[ImportJob, SqlLedger] | None:
        now = database_now(session)
        row = session.execute(_next(now).with_for_update(of=imports, skip_locked=True)).one_or_none()
        if row is None:
            return None
        values: dict[str, Any] = {
            "state": "running",
            "started_at": row.started_at or now,
            "attempts": row.attempts + 1,
            "held_by": self._holder.id,
            "held_until": now + timedelta(seconds=self._seconds),
        }
        session.execute(update(imports).where(_c.id == row.id).values(values))
        begun = job_from(session.execute(select(imports).where(_c.id == row.id)).one())
        job = replace(begun, is_resumed=row.state == "running")
        return job, SqlLedger(self._database, job, self._erased, held_by=self._holder.id, seconds=self._seconds)


class SqlLedger:
    """One leased import."""

    def __init__(self, database: Database, job: ImportJob, erased: ErasedIn, *, held_by: str, seconds: float) -> None:
        self._database = database
        self._id = job.id
        self._job = job
        self._erased = erased
        self._mine = (_c.id == job.id) & (_c.held_by == held_by) & (_c.state == "running")
        self._seconds = seconds

    @property
    def attempts(self) -> int:
        """How often the import was begun since it last came further."""
        with self._database.reading() as session:
            return session.scalar(select(_c.attempts).where(_c.id == self._id)) or 0

    def known(self, source_id: str, calls: Sequence[MadeCall]) -> set[str]:
        """Which messages an import has brought before, whenever that was."""
        by_day: dict[int, dict[bytes, str]] = {}
        for call in calls:
            by_day.setdefault(call.day, {})[message_hash(source_id, call.message_id)] = call.message_id
        with self._database.reading() as session:
            return {
                messages[found]
                for day, messages in by_day.items()
                for found in values_present(session, _seen.hash, messages, within=(_seen.day, _days_near(day)))
            }

    def advance(self, source_id: str, done: Done) -> bool:
        """Store a step and keep the lease; False when the import is to be cancelled."""
        with self._database.transaction() as session:
            cancelled = self._keep(session, **asdict(done.progress), attempts=0)
            seen = sorted((call.day, message_hash(source_id, call.message_id)) for call in done.calls)
            insert_rows(session, (_seen.day, _seen.hash), seen)
            if done.bad:
                self._refused.keep(session, done.bad)
        return not cancelled

    def describe(self, table: Table) -> None:
        """Keep the names of the columns and what delimits them, for the file of errors."""
        with self._database.transaction() as session:
            self._keep(session, header=list(table.header), delimiter=table.delimiter)
        self._refused = RefusedRows(self._job, table.header, self._erased)

    def hold(self) -> bool:
        """Keep the lease through work that stores nothing; False when the import is to be cancelled."""
        with self._database.transaction() as session:
            return not self._keep(session)

    def release(self) -> None:
        """Let another worker go on at once."""
        with self._database.transaction() as session:
            free = {"held_until": database_now(session), "attempts": _c.attempts - 1}
            session.execute(update(imports).where(self._mine).values(free))

    def finish(self, state: JobState, reason: str | None = None) -> None:
        """End the import."""
        with self._database.transaction() as session:
            self._keep(session, state=state, reason=reason, finished_at=database_now(session))

    def _keep(self, session: Session, **values: Any) -> bool:
        """Change the import while it is ours; whether it is to be cancelled. Raises LostLease."""
        until = database_now(session) + timedelta(seconds=self._seconds)
        change = update(imports).where(self._mine).values(held_until=until, **values).returning(_c.cancel_requested)
        row = session.execute(change).one_or_none()
        if row is None:
            raise LostLease(f"import {self._id} is another worker's now")
        return bool(row.cancel_requested)


def _next(now: datetime) -> Any:
    running = aliased(imports, name="running")
    free: ColumnElement[bool] = (_c.held_until.is_(None)) | (_c.held_until <= now)
    waiting = (_c.state == "queued") & ~(
        select(running.c.id).where(running.c.mapping_id == _c.mapping_id, running.c.state == "running").exists()
    )
    return select(imports).where(waiting | ((_c.state == "running") & free)).order_by(_c.id).limit(1)


def _days_near(day: int) -> tuple[int, int, int]:
    """Also the days beside it: a mapping that is corrected by hours moves times over midnight."""
    return day - 1, day, day + 1
