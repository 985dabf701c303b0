"""The part of events' wiring that is about imports of files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from services.events.adapters.bus.ingest_log import Envelope, events_of, records_of
from services.events.adapters.files.open_table import open_table
from services.events.adapters.files.scratch import DiskScratch
from services.events.adapters.sql.imports.files import SqlImportFiles
from services.events.adapters.sql.imports.jobs import SqlImportJobs
from services.events.adapters.sql.imports.ledger import SqlImportQueue
from services.events.adapters.sql.imports.refused_rows import ErasedIn
from services.events.settings import EventsSettings
from services.events.use_cases.accept_calls import Lanes
from services.events.use_cases.imports.ports import ImportJob
from services.events.use_cases.imports.run_imports import Importing
from services.events.use_cases.imports.work_off_files import Files
from shared.bus.ports import Publisher
from shared.clock import Clock
from shared.sql.database import Database


class ImportWiring:
    """What imports are made of."""

    def __init__(
        self,
        settings: EventsSettings,
        database: Database,
        publisher: Callable[[], Publisher],
        clock: Clock,
        *,
        erased: ErasedIn,
    ) -> None:
        self.database = database
        self.clock = clock
        self.max_bytes = settings.import_max_bytes
        self.call_bytes = settings.call_limits.call_bytes
        self.keep_file = timedelta(hours=settings.import_keep_files_hours)
        self.files = Files(open_table=partial(open_table, database), open_scratch=DiskScratch)
        self._keep = timedelta(days=settings.import_keep_days)
        self._lease_s = settings.import_lease_s
        self._publisher = publisher
        self._erased = erased

    def importing(self) -> Importing:
        """What a worker runs imports with."""
        return Importing(files=self.files, send=self._send, call_bytes=self.call_bytes)

    def queue(self) -> SqlImportQueue:
        """The queue as a worker of its own sees it."""
        return SqlImportQueue(self.database, self._erased, seconds=self._lease_s)

    def oldest_running(self) -> datetime | None:
        """As of when the running import that was asked for first sends its rows."""
        with self.database.reading() as session:
            return SqlImportJobs(session).oldest_running()

    def forget(self) -> None:
        """Forget files and imports that are kept no longer."""
        now = self.clock()
        with self.database.reading() as session:
            expired = SqlImportFiles(session).expired(now)
        for file_id in expired:
            with self.database.transaction() as session:
                SqlImportFiles(session).drop(file_id)
        with self.database.transaction() as session:
            SqlImportJobs(session).forget(before=now - self._keep)

    def _send(self, job: ImportJob, lanes: Lanes) -> None:
        envelope = Envelope(
            source_id=job.mapping.id,
            received_at=job.received_at,
            context={"importMapping": job.mapping.name, "importId": job.id},
        )
        self._publisher().publish(records_of(events_of(lanes, envelope)))
