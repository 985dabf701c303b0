"""Asking for imports over HTTP, and files to import."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx

from tests.integration.events.suite import Events, wait_until

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
