"""Parquet files become touchpoints by the types of their columns, on each database."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.events.importing import (
    counts,
    errors,
    imported,
    save,
    tried,
    upload,
    uploaded,
)
from tests.integration.events.suite import Events


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
