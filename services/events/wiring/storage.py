"""The part of events' wiring that is about what is stored: partitions and retention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.events.adapters.sql.retention.due_touchpoints import SqlDueTouchpoints
from services.events.adapters.sql.retention.partitions import Partitions
from services.events.adapters.sql.seen.opening import seen_messages_on
from services.events.domain.duplicates import bucket_of
from shared.clock import Clock
from shared.sql.database import Database
from shared.sql.leases import Lease

_LEASE_S = 60


class StorageWiring:
    """What the store is kept with. `oldest_import` is as of when running imports send."""

    def __init__(self, database: Database, clock: Clock, oldest_import: Callable[[], datetime | None]) -> None:
        self.clock = clock
        self.partitions = Partitions(database)
        self.due = SqlDueTouchpoints(database)
        self.seen = seen_messages_on(database.dialect)
        self.partitions_lease = Lease(database, "events.partitions", seconds=_LEASE_S)
        self.retention_lease = Lease(database, "events.retention", seconds=_LEASE_S)
        self._database = database
        self._oldest_import = oldest_import

    def forget_messages(self) -> None:
        """Forget messages whose duplicates are no longer looked for; an import sends as of when it was asked for."""
        now = self.clock()
        today = bucket_of(min(now, self._oldest_import() or now))
        self.partitions.forget_days(today)
        self.seen.forget(self._database, today=today)
