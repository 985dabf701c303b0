"""Imports whose worker is killed or whose disk is full, on each database."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from services.events.adapters.files.scratch import DiskScratch
from services.events.adapters.sql.imports.ledger import SqlImportQueue
from services.events.api.schemas.file_mapping import EXAMPLE
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.use_cases.accept_calls import Lanes
from services.events.use_cases.imports.ports import ImportJob, NoRoom, Scratch
from services.events.use_cases.imports.run_imports import run_import
from services.events.workers.imports import ImportLoop
from tests.integration.events.importing import (
    CALLS,
    LOG,
    TILL,
    begun,
    counts,
    imported,
    save,
    shown,
    uploaded,
)
from tests.integration.events.suite import events_service, running_worker, wait_until


class Killed(BaseException):
    """What ends a worker in the middle of its work."""


def test_what_a_killed_worker_had_sent_is_remembered_also_if_the_import_is_cancelled(settings: EventsSettings) -> None:
    with events_service(settings, worker=False) as service:
        save(service, "calls", CALLS)
        import_id = begun(service, uploaded(service, LOG), "calls")
        wiring = Wiring(settings)
        leased = SqlImportQueue(wiring.database, wiring.erasing.names, seconds=0.1).lease()
        assert leased is not None
        importing = wiring.imports.importing()

        def send(job: ImportJob, lanes: Lanes) -> None:
            importing.send(job, lanes)
            raise Killed

        with pytest.raises(Killed):
            run_import(*leased, replace(importing, send=send), lambda: False)
        wiring.close()
        wiring.database.dispose()
        cancelled = service.post(f"/v1/imports/{import_id}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "running")
        with running_worker(settings):
            ended = wait_until(lambda: shown(service, import_id), lambda job: job["state"] != "running")
            assert (ended["state"], ended["touchpoints"]) == ("cancelled", 2)
            again = imported(service, LOG, "calls")
            assert (again["touchpoints"], again["known"]) == (0, 2)


def test_an_import_waits_until_there_is_room_on_the_disk(settings: EventsSettings) -> None:
    with events_service(settings, worker=False) as service:
        save(service, "till", EXAMPLE, default_currency="TWD")
        import_id = begun(service, uploaded(service, TILL), "till")
        wiring, stop = Wiring(settings), threading.Event()
        importing, rooms = wiring.imports.importing(), [full_disk, DiskScratch]
        files = replace(importing.files, open_scratch=lambda: rooms.pop(0)())
        loop = ImportLoop(wiring.imports.queue(), replace(importing, files=files))
        thread = threading.Thread(target=loop.run, args=(stop,))
        thread.start()
        job = wait_until(lambda: shown(service, import_id), lambda seen: seen["finished_at"] is not None)
        stop.set()
        thread.join()
        wiring.close()
        wiring.database.dispose()
    assert counts(job) == ("completed", 3, 2, 1, 2, 0)


def full_disk() -> Scratch:
    raise NoRoom("there is no room to read the file")
