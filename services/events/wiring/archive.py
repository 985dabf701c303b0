"""The part of events' wiring that is about the archive."""

from __future__ import annotations

from pathlib import Path

from services.events.adapters.parquet.archive_writer import ArchiveWriter
from services.events.adapters.parquet.folder import ArchiveFolder
from services.events.adapters.sql.archive.erasures import ArchiveErasures
from services.events.adapters.sql.archive.ledger import SqlArchiveStore
from services.events.settings import EventsSettings
from services.events.use_cases.archive.keep_archive import KeepArchive
from shared.clock import Clock
from shared.erased_names import NameHash
from shared.ids import new_id
from shared.inbox.dead_letters import DeadLetters
from shared.sql.database import Database
from shared.sql.leases import Lease

_LEASE_S = 15


class ArchiveWiring:
    """What the archive is made of, in settings that have one."""

    def __init__(
        self,
        root: Path,
        *,
        settings: EventsSettings,
        database: Database,
        dead_letters: DeadLetters,
        hashed: NameHash,
        clock: Clock,
    ) -> None:
        self.every_s = settings.archive_every_s
        self.folder = ArchiveFolder(root)
        self.lease = Lease(database, "events-archive", seconds=_LEASE_S)
        store = SqlArchiveStore(database, self.lease)
        self.keep = KeepArchive(store, self.folder, clock=clock, new_id=new_id)
        self.erasures = ArchiveErasures(database, clock)
        self.writer = ArchiveWriter(
            database=database,
            store=store,
            folder=self.folder,
            dead_letters=dead_letters,
            hashed=hashed,
            clock=clock,
        )
