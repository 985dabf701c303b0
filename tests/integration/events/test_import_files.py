"""Which files are taken, how they are read, and how long they are kept."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from services.events.adapters.files.upload import MAX_FILES, Upload
from services.events.adapters.sql.imports.files import CHUNK_BYTES, SILENCE, SqlImportFiles
from services.events.adapters.sql.imports.tables import import_files
from services.events.bootstrap import Wiring
from services.events.domain.imports.errors import ImportFileNotFound, TooManyImports
from services.events.settings import EventsSettings
from services.events.use_cases.imports.ports import ImportFile
from shared.ids import new_id
from tests.integration.events.importing import (
    CALLS,
    LOG,
    save,
    tried,
    upload,
    uploaded,
)
from tests.integration.events.suite import Events, events_service, settings_in


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
