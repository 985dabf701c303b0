"""Files become touchpoints: mappings, dry runs, imports, and the same file once more, on each database."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from services.events.api.schemas.file_mapping import EXAMPLE
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from tests.integration.events.importing import (
    CALLS,
    LOG,
    TILL,
    counts,
    errors,
    imported,
    save,
    tried,
    upload,
    uploaded,
)
from tests.integration.events.suite import Events


def test_lines_of_a_receipt_are_one_order_wherever_they_stand(events: Events) -> None:
    save(events, "till", EXAMPLE, default_currency="TWD")
    trial = tried(events, uploaded(events, TILL), "till")
    assert (trial["rows"], trial["complete"], trial["accepted"], trial["failed"], trial["passed_over"]) == (
        6,
        True,
        3,
        2,
        1,
    )
    assert {(one["row"], one["column"]) for one in trial["problems"]} == {(6, "sold at"), (7, "quantity")}
    assert events.summary()["touchpoints"] == 0
    job = imported(events, TILL, "till")
    assert counts(job) == ("completed", 3, 2, 1, 2, 0)
    assert (job["progress"], job["rows"]) == (1.0, 6)
    assert events.wait_for(2)["orders"] == {"completed": 2}
    found = events.http.get("/v1/touchpoints", params={"subject": "user_id:M1"}, headers=events.read).json()["data"]
    (order,) = [one["order"] for one in found]
    assert (order["order_id"], order["currency"], order["amount_minor"]) == ("R1", "TWD", 114100)
    assert [line["sku"] for line in order["lines"]] == ["tea", "pot"]
    assert found[0]["occurred_at"].startswith("2026-04-05T09:31:00")
    assert found[0]["channel"] == "store"


def test_refused_rows_come_back_can_be_mended_and_sent_again(events: Events) -> None:
    save(events, "till", EXAMPLE, default_currency="TWD")
    job = imported(events, TILL, "till")
    header, first, second = errors(events, job["id"])
    assert header[-2:] == ["rapport_row", "rapport_error"]
    assert (first[-2], second[-2]) == ("6", "7")
    assert "'31/31/2026 17:34' is no time of the form %d/%m/%Y %H:%M" in first[-1]
    assert "row 6" in second[-1]
    assert second[8] == "'-80", "a spreadsheet would take it for a formula"
    first[5], second[7] = second[5], "1"
    mended = io.StringIO()
    csv.writer(mended).writerows([header, first, second])
    again = imported(events, "\ufeff" + mended.getvalue(), "till")
    assert counts(again) == ("completed", 2, 0, 0, 1, 0)
    events.wait_for(3)
    found = events.http.get("/v1/touchpoints", params={"subject": "user_id:M3"}, headers=events.read).json()["data"]
    assert [line["unit_price"] for line in found[0]["order"]["lines"]] == ["120.5", "-80"]


def test_the_same_file_makes_nothing_new_also_weeks_later(events: Events, settings: EventsSettings) -> None:
    save(events, "calls", CALLS)
    assert counts(imported(events, LOG, "calls")) == ("completed", 2, 0, 0, 2, 0), "rows that are alike both count"
    events.wait_for(2)
    wiring = Wiring(settings, clock=lambda: datetime.now(UTC) + timedelta(days=30))
    wiring.storage.forget_messages()
    wiring.imports.forget()
    wiring.database.dispose()
    longer = LOG + "0223456789,2026-04-06 10:00:00,1,no\n"
    assert counts(imported(events, longer, "calls")) == ("completed", 3, 0, 0, 1, 2)
    assert events.http.delete("/v1/import-mappings/calls", headers=events.read).status_code == 204
    save(events, "calls", CALLS)
    assert counts(imported(events, LOG, "calls")) == ("completed", 2, 0, 0, 0, 2), "a name is one source for good"
    summary = events.wait_for(3)
    assert (summary["touchpoints"], summary["duplicates"]) == (3, 0)


def test_refused_rows_are_delimited_as_they_came(events: Events) -> None:
    """A spreadsheet that writes semicolons reads commas as one column."""
    save(events, "calls", CALLS)
    job = imported(events, LOG.replace(",", ";").replace("3.5", "three"), "calls")
    answer = events.http.get(f"/v1/imports/{job['id']}/errors", headers=events.read)
    header, first, *_ = answer.text.splitlines()
    assert header == "\ufeffcaller;ended;minutes;resolved;rapport_row;rapport_error"
    assert first.startswith("0223456789;2026-04-05 10:00:00;three;yes;2;")
    assert counts(imported(events, answer.text.replace("three", "3.5"), "calls"))[:3] == ("completed", 2, 0)


def test_mappings_are_kept_by_name_and_changed_by_who_saw_them(gate: Events) -> None:
    made = save(gate, "calls", CALLS)
    path = "/v1/import-mappings/calls"
    assert (
        gate.http.post("/v1/import-mappings", json={"name": "calls", "mapping": CALLS}, headers=gate.read).status_code
        == 409
    )
    seen = gate.http.get(path, headers=gate.read)
    assert seen.json() == made
    assert seen.headers["etag"].startswith('"1.')
    wanted = {"mapping": CALLS, "csv": {"delimiter": ";"}}
    changed = gate.http.put(path, json=wanted, headers=gate.read | {"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = gate.http.put(path, json=wanted, headers=gate.read | {"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    of_now = gate.read | {"If-Match": '"2"'}
    refused = gate.http.put(path, json=wanted | {"csv": {"delimiter": ":"}}, headers=of_now)
    assert refused.json()["errors"][0] == {
        "where": "/csv/delimiter",
        "detail": "must be a comma, a semicolon, a tab or |",
    }
    for wrong in ({"timestamp": {"from": "/t", "zone": "Taipei"}}, {"timestamp": {"from": "/t", "format": "%d %d"}}):
        answer = gate.http.post("/v1/import-mappings", json={"name": "x", "mapping": CALLS | wrong}, headers=gate.read)
        assert answer.status_code == 422, answer.text


def test_an_upload_or_import_that_is_asked_for_twice_has_one_effect(gate: Events) -> None:
    save(gate, "calls", CALLS)
    one, two = (upload(gate, LOG, **{"Idempotency-Key": "k1"}).json() for _ in range(2))
    assert one == two
    assert len(gate.http.get("/v1/import-files", headers=gate.read).json()["data"]) == 1
    asked = {"file_id": one["id"], "mapping": "calls"}
    headers = gate.read | {"Idempotency-Key": "k2"}
    first, second = (gate.http.post("/v1/imports", json=asked, headers=headers).json() for _ in range(2))
    assert first == second
    path = f"/v1/imports/{first['id']}"
    assert gate.http.delete(f"/v1/import-files/{one['id']}", headers=gate.read).json()["code"] == "import_file_in_use"
    assert gate.http.post(f"{path}/cancel", headers=gate.read).json()["state"] == "cancelled"
    assert gate.http.post(f"{path}/cancel", headers=gate.read).json()["code"] == "import_ended"
    assert gate.http.delete(f"/v1/import-files/{one['id']}", headers=gate.read).status_code == 204
    listed = gate.http.get("/v1/imports", params={"state": "cancelled"}, headers=gate.read).json()["data"]
    assert [job["id"] for job in listed] == [first["id"]]
