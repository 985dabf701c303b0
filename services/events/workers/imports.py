"""The loop that runs imports, one at a time in each worker."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import DBAPIError

from services.events.adapters.sql.imports.ledger import MAX_ATTEMPTS, SqlImportQueue, SqlLedger
from services.events.use_cases.imports.ports import ImportJob, LostLease, NoRoom
from services.events.use_cases.imports.run_imports import Importing, run_import
from shared.bus.ports import BusError
from shared.workers.loops import work_until

_log = logging.getLogger(__name__)
_IDLE_S = 0.5
_AWAY = DBAPIError, BusError, NoRoom


class ImportLoop:
    """Leases the oldest import that waits and brings it to its end."""

    def __init__(self, queue: SqlImportQueue, importing: Importing) -> None:
        self._queue = queue
        self._importing = importing

    def run(self, stop: threading.Event) -> None:
        """Run imports until `stop` is set; one that is under way is let go of after the step that it is on."""
        work_until(stop, lambda: self._step(stop), rest_s=_IDLE_S, away=_AWAY)

    def _step(self, stop: threading.Event) -> bool:
        leased = self._queue.lease()
        if leased is not None:
            self._run(*leased, stop)
        return leased is not None

    def _run(self, job: ImportJob, ledger: SqlLedger, stop: threading.Event) -> None:
        _log.info("import begins", extra={"import_id": job.id, "position": job.progress.position})
        try:
            if ledger.attempts > MAX_ATTEMPTS:
                ledger.finish("failed", f"given up: begun {MAX_ATTEMPTS} times and came no further")
                return
            run_import(job, ledger, self._importing, stop.is_set)
            if stop.is_set():
                ledger.release()
        except LostLease as error:
            _log.warning("import was taken over", extra={"import_id": job.id, "reason": str(error)})
        except _AWAY:
            ledger.release()
            raise
        except Exception:  # noqa: BLE001 - a fault of ours, which the file's owner cannot mend; the other loops go on
            _log.exception("import failed", extra={"import_id": job.id})
            ledger.finish("failed", "something failed here; it has been logged")
