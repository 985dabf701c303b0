"""Files become touchpoints: mappings, uploads, dry runs, imports, and the same file once more, on each database."""

from __future__ import annotations

import csv
import gzip
import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from services.events.adapters.files.scratch import DiskScratch
from services.events.adapters.files.upload import MAX_FILES, Upload
from services.events.adapters.sql.imports.files import CHUNK_BYTES, SILENCE, SqlImportFiles
from services.events.adapters.sql.imports.ledger import SqlImportQueue
from services.events.adapters.sql.imports.tables import import_files
from services.events.api.schemas.file_mapping import EXAMPLE
from services.events.bootstrap import Wiring
from services.events.domain.imports.errors import ImportFileNotFound, TooManyImports
from services.events.settings import EventsSettings
from services.events.use_cases.accept_calls import Lanes
from services.events.use_cases.imports.ports import ImportFile, ImportJob, NoRoom, Scratch
from services.events.use_cases.imports.run_imports import run_import
from services.events.workers.imports import ImportLoop
from shared.ids import new_id
from tests.integration.events.suite import Events, events_service, running_worker, settings_in, wait_until

CALLS = {
    "event": "Call Ended",
    "phone": "/caller",
    "timestamp": {"from": "/ended", "zone": "Asia/Taipei"},
    "channel": "phone",
    "properties": {"minutes": {"from": "/minutes", "as": "number"}, "resolved": {"from": "/resolved", "as": "boolean"}},
}
LOG = "caller,ended,minutes,resolved\n0223456789,2026-04-05 10:00:00,3.5,yes\n0223456789,2026-04-05 10:00:00,3.5,yes\n"
TILL = """store,receipt,status,member,phone,sold at,sku,quantity,price
01,R1,paid,M1,,05/04/2026 17:31,tea,2,120.5
01,R2,paid,,0912345678,05/04/2026 17:32,cup,,80
01,R1,paid,M1,,05/04/2026 17:31,pot,1,900
02,R1,void,M2,,05/04/2026 17:33,tea,1,120.5
01,R3,paid,M3,,31/31/2026 17:34,tea,1,120.5
01,R3,paid,M3,,05/04/2026 17:34,cup,one,-80
"""


def save(service: Events, name: str, mapping: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = service.http.post(
        "/v1/import-mappings", json={"name": name, "mapping": mapping, **more}, headers=service.read
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def upload(service: Events, content: bytes | str, media_type: str = "text/csv", **headers: str) -> httpx.Response:
    body = content.encode() if isinstance(content, str) else content
    return service.http.post(
        "/v1/import-files", params={"name": "x.csv"}, content=body,
        headers=service.read | {"Content-Type": media_type} | headers,
    )  # fmt: skip


def uploaded(service: Events, content: bytes | str, media_type: str = "text/csv") -> str:
    answer = upload(service, content, media_type)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def tried(service: Events, file_id: str, mapping: str | None, **more: Any) -> dict[str, Any]:
    asked = {"mapping": mapping, **more}
    answer = service.http.post(f"/v1/import-files/{file_id}/dry-run", json=asked, headers=service.read)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def shown(service: Events, import_id: str) -> dict[str, Any]:
    return dict(service.http.get(f"/v1/imports/{import_id}", headers=service.read).json())


def begun(service: Events, file_id: str, mapping: str) -> str:
    answer = service.http.post("/v1/imports", json={"file_id": file_id, "mapping": mapping}, headers=service.read)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def imported(service: Events, content: bytes | str, mapping: str, media_type: str = "text/csv") -> dict[str, Any]:
    import_id = begun(service, uploaded(service, content, media_type), mapping)
    ended = ("completed", "failed", "cancelled")
    return dict(wait_until(lambda: shown(service, import_id), lambda seen: seen["state"] in ended))


def errors(service: Events, import_id: str) -> list[list[str]]:
    answer = service.http.get(f"/v1/imports/{import_id}/errors", headers=service.read)
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def counts(job: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(job[name] for name in ("state", "accepted", "failed", "passed_over", "touchpoints", "known"))


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


def test_a_parquet_file_is_typed(events: Events) -> None:
    properties = {"order_id": "/no", "currency": "EUR", "revenue": "/total", "day": "/day", "vip": "/vip"}
    mapping = {"event": "Order Completed", "user_id": "/customer", "timestamp": "/sold_at", "message_id": ["/no"]}
    save(events, "mis", mapping | {"properties": properties})
    at = datetime(2026, 4, 5, 9, 31, tzinfo=UTC)
    table = pa.table({
        "customer": pa.array([7, 8], pa.int64()), "no": ["a", "b"], "vip": [True, None],
        "sold_at": pa.array([at, at], pa.timestamp("ns", "Asia/Taipei")),
        "day": pa.array([at.date(), None], pa.date32()),
        "total": pa.array([Decimal("12.50"), Decimal("8.00")], pa.decimal128(10, 2)),
    })  # fmt: skip
    file = io.BytesIO()
    pq.write_table(table, file)
    media_type = "application/vnd.apache.parquet"
    assert counts(imported(events, file.getvalue(), "mis", media_type)) == ("completed", 2, 0, 0, 2, 0)
    events.wait_for(2)
    (told,) = events.http.get("/v1/touchpoints", params={"subject": "user_id:7"}, headers=events.read).json()["data"]
    assert told["order"]["amount_minor"] == 1250
    assert (told["properties"]["day"], told["properties"]["vip"]) == ("2026-04-05", True)
    assert told["occurred_at"].startswith("2026-04-05T09:31:00")
    nested = io.BytesIO()
    pq.write_table(pa.table({"a": [[1, 2]]}), nested)
    for content, says in (
        (nested.getvalue(), "list"), (file.getvalue()[:-20], "Parquet"), (b"PAR1PAR1", "Parquet"), (b"a,b\n", "PAR1"),
    ):  # fmt: skip
        refused = upload(events, content, media_type)
        assert (refused.status_code, refused.json()["code"]) == (422, "unusable_file")
        assert says in refused.json()["detail"]


def test_only_columns_of_parquet_that_the_mapping_reads_must_be_readable(events: Events) -> None:
    properties = {"opened": "/opened", "till": "/till"}
    save(events, "shifts", {"event": "Shift Began", "user_id": "/who", "properties": properties})
    save(events, "baskets", {"event": "Shift Began", "user_id": "/who", "properties": {"items": "/items"}})
    table = pa.table({
        "who": ["M1", "", "M3"], "items": pa.array([[{"sku": "tea"}], [], None]),
        "opened": pa.array([36_000_000_000, 36_000_500_000, None], pa.time64("us")),
        "till": [b"north", b"south", b"\xff"], "photo": [b"\xff\xd8", None, b"\x00"],
    })  # fmt: skip
    file = io.BytesIO()
    pq.write_table(table, file)
    media_type = "application/vnd.apache.parquet"
    file_id = uploaded(events, file.getvalue(), media_type)
    trial = tried(events, file_id, "shifts")
    assert [call["properties"] for call in trial["calls"]] == [{"opened": "10:00:00", "till": "north"}]
    job = imported(events, file.getvalue(), "shifts", media_type)
    assert counts(job) == ("completed", 1, 2, 0, 1, 0)
    header, *refused = errors(events, job["id"])
    assert header == ["who", "opened", "till", "rapport_row", "rapport_error"]
    nobody, broken = sorted(refused, key=lambda row: row[-2])
    assert nobody[:4] == ["", "10:00:00.500000", "south", "3"]
    assert broken[3:] == ["4", "column till: bytes that are not UTF-8, as which texts and bytes are read"]
    mended = io.StringIO()
    csv.writer(mended).writerows([header, ["M2", *nobody[1:]], ["M3", "", "east", *broken[3:]]])
    assert counts(imported(events, mended.getvalue(), "shifts")) == ("completed", 2, 0, 0, 2, 0)
    path = f"/v1/import-files/{file_id}/dry-run"
    answer = events.http.post(path, json={"mapping": "baskets"}, headers=events.read)
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_file")
    assert "column 'items' is of type list<element: struct<sku: string>>; taken are" in answer.json()["detail"]
    job = imported(events, file.getvalue(), "baskets", media_type)
    assert (job["state"], job["reason"]) == ("failed", answer.json()["detail"])


@pytest.mark.parametrize(("encoding", "stated"), [("cp950", "cp950"), ("utf-8-sig", "cp950"), ("utf-16", "utf-8")])
def test_files_come_in_the_encodings_of_offices(gate: Events, encoding: str, stated: str) -> None:
    save(gate, "offices", {"event": "/事件", "user_id": "/會員"}, csv={"encoding": stated})
    content = "會員;事件\nM1;來店\nM2;退貨\n".encode(encoding)
    trial = tried(gate, uploaded(gate, gzip.compress(content), "application/gzip"), "offices")
    assert [call["event"] for call in trial["calls"]] == ["來店", "退貨"]


def test_rows_that_are_wrong_are_errors_and_never_the_end_of_an_import(gate: Events) -> None:
    save(gate, "plain", {"event": "Came", "user_id": "/who", "properties": {"note": "/note"}})
    long = "x" * 200_000
    rows: Sequence[bytes] = (
        b"who,note\r\n", b'a,"two\nlines"\r\n', b"b\r\n", b"\r\n", b"c,1,2\r\n", b"d,\x00\r\n", b"e,\xff\xfe\r\n",
        f'f,"{long}"\r\n'.encode(), f"g,{'y' * 40_000}\r\n".encode(), b" ,nobody\r\n", f"{'h' * 300},\r\n".encode(),
        b"i,ok",
    )  # fmt: skip
    trial = tried(gate, uploaded(gate, b"".join(rows)), "plain")
    assert (trial["accepted"], trial["failed"], trial["passed_over"]) == (2, 8, 1)
    told = {one["row"]: one["reason"] for one in trial["problems"]}
    assert sorted(told) == [3, 5, 6, 7, 8, 9, 10, 11]
    assert "1 cells, but the header has 2 columns" in told[3]
    assert "field larger" in told[8]
    assert "at most 32768" in told[9]
    assert [call["properties"] for call in trial["calls"]] == [{"note": "two\nlines"}, {"note": "ok"}]


def test_what_cannot_be_used_is_said_clearly(gate: Events) -> None:
    save(gate, "calls", CALLS)
    assert upload(gate, b"").json()["code"] == "unusable_file"
    assert upload(gate, LOG, "application/json").status_code == 415
    assert "workbook" in upload(gate, b"PK\x03\x04" + b"x" * 100).json()["detail"]
    broken = upload(gate, gzip.compress(LOG.encode())[:-9], "application/gzip")
    assert (broken.status_code, broken.json()["detail"]) == (422, "the file is gzip that ends too early")
    for content, says in (
        ("a,b\n1,2\n", "lacks columns"),
        ("caller,caller\n", "twice that the mapping reads: 'caller'"),
        (",\n", "empty"),
    ):
        asked = {"mapping": "calls"}
        path = f"/v1/import-files/{uploaded(gate, content)}/dry-run"
        answer = gate.http.post(path, json=asked, headers=gate.read)
        assert (answer.status_code, answer.json()["code"]) == (422, "unusable_file")
        assert says in answer.json()["detail"]
    definition = {"mapping": {"event": "E", "user_id": "/u", "message_id": ["/r"]}}
    twice = tried(gate, uploaded(gate, "r,u\n1,a\n1,b\n"), None, definition=definition)
    assert "the same message as row 2" in twice["problems"][0]["reason"]


def test_a_bomb_and_a_large_file_are_refused(tmp_path: Any) -> None:
    with events_service(settings_in(tmp_path, import_max_bytes=100_000), worker=False) as service:
        bomb = upload(service, gzip.compress(b"a,b\n" * 1_000_000), "application/gzip")
        assert (bomb.status_code, bomb.json()["code"]) == (413, "too_large")
        assert upload(service, b"a" * 100_001).status_code == 413
        assert service.http.get("/v1/import-files", headers=service.read).json()["data"] == []


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
    assert (late.status_code, late.json()["code"]) == (412, "import_mapping_changed")
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


def test_uploads_that_broke_off_keep_no_room_and_are_swept(settings: EventsSettings) -> None:
    with events_service(settings, worker=False):
        later = [datetime.now(UTC)]
        wiring = Wiring(settings, clock=lambda: later[0])

        def new() -> ImportFile:
            now = wiring.clock()
            kept = {"created_at": now, "expires_at": now + timedelta(days=3)}
            return ImportFile(id=new_id(), name="x", format="csv", size=0, sha256="", **kept)

        def begin() -> Upload:
            return Upload(wiring.database, new(), limit=wiring.imports.max_bytes, clock=wiring.clock)

        slow = begin()
        with wiring.database.transaction() as session:
            for _ in range(MAX_FILES - 1):
                SqlImportFiles(session).begin(new())
        with pytest.raises(TooManyImports):
            begin()
        for _ in range(3):
            later[0] += SILENCE / 2
            slow.write(b"a" * CHUNK_BYTES)
        wiring.imports.forget()
        again = begin()
        whole = slow.finish()
        with wiring.database.transaction() as session:
            assert SqlImportFiles(session).count(wiring.clock()) == 2, "the slow one and the new one"
            assert session.scalar(select(func.count()).select_from(import_files)) == 2
            SqlImportFiles(session).complete(whole)
            (kept,) = SqlImportFiles(session).page(limit=10, before=None)
        assert kept.expires_at - kept.created_at == timedelta(days=3)
        later[0] += SILENCE
        wiring.imports.forget()
        with pytest.raises(ImportFileNotFound):
            again.write(b"a" * CHUNK_BYTES)
        wiring.database.dispose()


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
