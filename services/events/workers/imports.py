"""The loop that runs imports, one at a time in each worker."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import DBAPIError

from services.events.adapters.sql.imports.ledger import MAX_ATTEMPTS, SqlImportQueue, SqlLedger
from services.events.use_cases.imports.ports import ImportJob, LostLease, NoRoom
from services.events.use_cases.imports.run_imports import Importing, run_import
from shared.bus.ports import BusError

_log = logging.getLogger(__name__)
_IDLE_S = 0.5
_RETRY_S = 2.0


class ImportLoop:
    """Leases the oldest import that waits and brings it to its end."""

    def __init__(self, queue: SqlImportQueue, importing: Importing) -> None:
        self._queue = queue
        self._importing = importing

    def run(self, stop: threading.Event) -> None:
        """Run imports until `stop` is set; one that is under way is let go of after the step that it is on."""
        while not stop.is_set():
            try:
                leased = self._queue.lease()
                if leased is None:
                    stop.wait(_IDLE_S)
                else:
                    self._run(*leased, stop)
            except (DBAPIError, BusError, NoRoom) as error:
                _log.warning("imports wait", extra={"reason": str(error)})
                stop.wait(_RETRY_S)

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
        except (DBAPIError, BusError, NoRoom):
            ledger.release()
            raise
        except Exception:  # noqa: BLE001 - a fault of ours, which the file's owner cannot mend; the other loops go on
            _log.exception("import failed", extra={"import_id": job.id})
            ledger.finish("failed", "something failed here; it has been logged")
