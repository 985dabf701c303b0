"""Erasing customers from files that are imported, on both databases: rows that wait, and rows that were refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.events.bootstrap import Wiring
from services.events.domain.subjects import id_behind
from services.events.settings import EventsSettings
from shared.contracts.profile import ProfileErasedV1
from shared.ids import new_id
from tests.integration.events.importing import begun, imported, save, shown, uploaded
from tests.integration.events.suite import Events, events_service, running_worker, wait_until
from tests.support.search import places_of

VISITS = {
    "event": "Visited",
    "user_id": "/member",
    "email": "/mail",
    "phone": "/phone",
    "timestamp": "/at",
    "properties": {"rooms": {"from": "/rooms", "as": "integer"}},
}
FILE = """member,mail,phone,at,rooms
jane-1,,,2026-04-05,one
,Jane@example.com,,2026-04-05,one
,,0912345678,2026-04-05,one
jane-1,too few
mei,,,2026-04-05,one
1,,,2026-04-05,jane-1
"""
HERS = (
    "user_id:jane-1",
    f"anonymous_id:{id_behind('email', 'jane@example.com')}",
    f"anonymous_id:{id_behind('phone', '0912345678')}",
)


def erase(wiring: Wiring) -> None:
    fact = ProfileErasedV1(erasure_id=new_id(), profile_id=None, subjects=HERS, erased_at=datetime.now(UTC))
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [fact])


def errors(service: Events, import_id: str) -> list[str]:
    answer = service.http.get(f"/v1/imports/{import_id}/errors", headers=service.read)
    return [line.split(",")[0] for line in answer.text.splitlines()[1:]]


def test_refused_rows_go_with_whom_they_name_and_others_stay(events: Events, settings: EventsSettings) -> None:
    save(events, "visits", VISITS)
    before = imported(events, FILE, "visits")
    assert errors(events, before["id"]) == ["jane-1", "", "", "jane-1", "mei", "1"]
    wiring = Wiring(settings)
    erase(wiring)
    assert wait_until(lambda: errors(events, before["id"]), lambda left: len(left) < 6) == ["mei", "1"]
    later = imported(events, FILE, "visits")
    assert len(errors(events, later["id"])) == 6  # received after the erasure, so of a new customer
    wiring.database.dispose()


def test_a_file_that_waits_brings_nobody_back_who_was_erased_since(settings: EventsSettings) -> None:
    rows = FILE.replace(",one", ",1").replace("2026-04-05,jane-1", "2026-04-05,x")
    with events_service(settings, worker=False) as service:
        save(service, "visits", VISITS)
        import_id = begun(service, uploaded(service, rows), "visits")
        wiring = Wiring(settings)
        erase(wiring)
        with running_worker(settings):

            def look() -> dict[str, Any]:
                return shown(service, import_id)

            assert wait_until(look, lambda job: job["state"] == "completed")["rows"] == 6
            service.wait_for(1)
            assert errors(service, import_id) == ["1"]
            wait_until(lambda: service.get("/v1/erasures")["data"][0], lambda each: each["finished_at"] is not None)
        assert service.summary()["touchpoints"] == 1
        found = places_of(["jane", "0912345678"], wiring.database, apart_from=("outbox", "import_chunks"))
        assert found == set()
        wiring.database.dispose()
