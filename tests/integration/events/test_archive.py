"""The archive on both databases: what readers find in it."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from services.events.settings import EventsSettings
from shared.ids import new_id
from tests.integration.events.suite import Events, events_service, running_worker, settings_in, wait_until
from tests.support.archive import rows_of, table_of


def days_of(events: Events) -> list[dict[str, Any]]:
    answer = events.http.get("/v1/archive", headers=events.read)
    assert answer.status_code == 200, answer.text
    assert answer.json()["enabled"]
    return list(answer.json()["data"])


def wait_until_complete(events: Events, recorded: int) -> list[dict[str, Any]]:
    """The archive's days, once all of them are complete."""

    def is_complete(days: list[dict[str, Any]]) -> bool:
        return sum(day["recorded"] for day in days) >= recorded and all(day["is_complete"] for day in days)

    return list(wait_until(lambda: days_of(events), is_complete))


def test_every_touchpoint_is_one_row_of_typed_columns(events: Events, settings: EventsSettings) -> None:
    properties = {
        "order_id": "o1",
        "revenue": "25.50",
        "currency": "GBP",
        "products": [{"product_id": "p", "name": "Teapot", "price": 12.75, "quantity": 2}],
    }
    events.send("/v1/identify", {"userId": "jane", "messageId": "i", "traits": {"city": "臺北"}})
    events.send(
        "/v1/track",
        {
            "userId": "jane",
            "messageId": "t",
            "event": "Order Completed",
            "timestamp": "2026-01-31T10:00:00.123Z",
            "properties": properties,
            "context": {"channel": "Store"},
        },
    )
    (day,) = wait_until_complete(events, 2)
    assert (day["rows"], day["erased"], day["recorded"]) == (2, 0, 2)
    assert settings.archive_folder is not None
    rows = {row["message_id"]: row for row in rows_of(settings.archive_folder)}
    assert rows.keys() == {"i", "t"}
    order = rows["t"]
    assert (order["subject"], order["kind"], order["name"], order["channel"]) == (
        "user_id:jane",
        "track",
        "Order Completed",
        "store",
    )
    assert order["occurred_at"] == datetime(2026, 1, 31, 10, 0, 0, 123000, tzinfo=UTC)
    assert (order["order_id"], order["order_status"], order["order_currency"], order["order_amount_minor"]) == (
        "o1",
        "completed",
        "GBP",
        2550,
    )
    (product,) = order["products"]
    assert (product["name"], product["quantity"], product["unit_price"]) == ("Teapot", Decimal(2), Decimal("12.75"))
    assert json.loads(order["properties"]) == properties
    assert json.loads(rows["i"]["traits"]) == {"city": "臺北"}
    assert rows["i"]["products"] is None
    assert str(order["day"]) == day["day"]


def test_files_are_listed_and_fetched_by_id_and_nothing_else_is(events: Events) -> None:
    events.send("/v1/page", {"userId": "jane", "messageId": "p"})
    wait_until_complete(events, 1)
    (file,) = events.http.get("/v1/archive/files", headers=events.read).json()["data"]
    fetched = events.http.get(f"/v1/archive/files/{file['id']}", headers=events.read)
    assert fetched.headers["content-type"] == "application/vnd.apache.parquet"
    assert len(fetched.content) == file["bytes"]
    assert pq.read_table(io.BytesIO(fetched.content))["message_id"].to_pylist() == ["p"]
    assert events.http.get("/v1/archive/files", params={"day": "1999-01-01"}, headers=events.read).json()["data"] == []
    for day in ("2026-02-30", "2026-13-01", "yesterday"):
        refused = events.http.get("/v1/archive/files", params={"day": day}, headers=events.read)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "query.day")
    missing = events.http.get(f"/v1/archive/files/{new_id()}", headers=events.read)
    assert (missing.status_code, missing.json()["code"]) == (404, "archive_file_not_found")
    for path in ("..%2F..%2Fevents.db", "%2Fetc%2Fpasswd", "part-x.parquet"):
        assert events.http.get(f"/v1/archive/files/{path}", headers=events.read).status_code in (404, 422)
    made = events.http.post("/v1/api-keys", json={"name": "x", "scopes": ["touchpoints:read"]}, headers=events.read)
    for path in ("", "/files", f"/files/{file['id']}"):
        refused = events.http.get(f"/v1/archive{path}", headers={"Authorization": f"Bearer {made.json()['key']}"})
        assert refused.status_code == 403


def test_of_several_workers_each_row_is_written_once(settings: EventsSettings) -> None:
    with ExitStack() as stack:
        events = stack.enter_context(events_service(settings, worker=False))
        for _ in range(2):
            stack.enter_context(running_worker(settings))
        for n in range(20):
            events.send(
                "/v1/batch",
                {"batch": [{"type": "page", "userId": f"u{n}", "messageId": f"{n}-{m}"} for m in range(25)]},
            )
        wait_until_complete(events, 500)
    assert settings.archive_folder is not None
    found = table_of(settings.archive_folder)["message_id"].to_pylist()
    assert len(found) == len(set(found)) == 500


def test_an_installation_without_an_archive_says_so(tmp_path: Path) -> None:
    with events_service(settings_in(tmp_path, archive_dir=""), worker=False) as gate:
        assert gate.http.get("/v1/archive", headers=gate.read).json() == {
            "data": [],
            "next_cursor": None,
            "enabled": False,
        }
    assert settings_in(tmp_path, bus_url="kafka://localhost:1").archive_folder is None
    assert settings_in(tmp_path, bus_url="kafka://localhost:1", archive_dir="/a").archive_folder == Path("/a")
