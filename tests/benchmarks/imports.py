"""Importing a CSV file: rows a second until the import says completed, beside one bare pass of `csv.reader` over it.

`python -m tests.benchmarks.imports [--rows 1000000] [--timeline]` runs one API and one worker, embedded. With
`--timeline` it also waits until every row is on the timeline, which the same worker sees to meanwhile.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.benchmarks.ingest import syncs_per_second
from tests.support.suite import Suite

MAPPING = {
    "event": "Item Sold",
    "user_id": "/member",
    "timestamp": {"from": "/sold at", "zone": "Asia/Taipei"},
    "channel": "store",
    "message_id": ["/receipt", "/line"],
    "properties": {
        "receipt": "/receipt",
        "sku": "/sku",
        "quantity": {"from": "/quantity", "as": "integer"},
        "price": {"from": "/price", "as": "major_units"},
        "store": "/store",
    },
}
_EACH_PIECE = 1024 * 1024


def write(file: Path, rows: int) -> None:
    """A till's lines in order of time, about 100 bytes each."""
    chance, at = random.Random(7), 1_700_000_000
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["receipt", "line", "member", "sku", "quantity", "price", "sold at", "store", "note"])
        for number in range(rows):
            at += chance.randrange(4)
            writer.writerow([
                f"R{number // 3:09d}", number % 3, f"member-{chance.randrange(50_000)}",
                f"SKU-{chance.randrange(3_000):05d}", chance.randrange(1, 9), chance.randrange(100, 90_000) / 100,
                f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}", f"taipei-{chance.randrange(30)}", "-" * 12,
            ])  # fmt: skip


def bare_pass(file: Path) -> float:
    """Seconds that `csv.reader` alone needs."""
    began = time.perf_counter()
    with file.open(newline="") as opened:
        for _ in csv.reader(opened):
            pass
    return time.perf_counter() - began


def measure(rows: int, *, timeline: bool) -> None:
    """Print what an import of so many rows took."""
    with tempfile.TemporaryDirectory() as folder, Suite(Path(folder), services=("events",)) as suite:
        file = Path(folder) / "receipts.csv"
        write(file, rows)
        with suite.client("events") as client:
            made = client.post("/v1/import-mappings", json={"name": "till", "mapping": MAPPING})
            made.raise_for_status()
            began = time.perf_counter()
            file_id = _upload(client, file)
            sent = time.perf_counter() - began
            began = time.perf_counter()
            path = (
                "/v1/imports/" + client.post("/v1/imports", json={"file_id": file_id, "mapping": "till"}).json()["id"]
            )
            while (job := client.get(path).json())["state"] in ("queued", "running"):
                time.sleep(0.2)
            took = time.perf_counter() - began
            if job["touchpoints"] != rows:
                raise RuntimeError(f"not every row was imported: {job}")
            recorded = client.get("/v1/summary").json()["touchpoints"]
            bare, syncs = bare_pass(file), syncs_per_second(Path(folder))
            size = file.stat().st_size
            sys.stdout.write(
                f"{rows:,} rows of {size / rows:.0f} bytes: sent in {sent:.1f} s; completed in {took:.1f} s"
                f" ({rows / took:,.0f} rows/s), {took / bare:.1f} times a bare csv.reader ({bare:.2f} s);"
                f" {recorded:,} on the timeline by then;"
                f" worker {suite.memory('events-worker') / 2**20:.0f} MB; {syncs:,.0f} syncs/s\n"
            )
            if timeline:
                while client.get("/v1/summary").json()["touchpoints"] < rows:
                    time.sleep(0.5)
                sys.stdout.write(f"every row on the timeline after {time.perf_counter() - began:.1f} s\n")


def _upload(client: httpx.Client, file: Path) -> str:
    with file.open("rb") as opened:
        pieces = iter(lambda: opened.read(_EACH_PIECE), b"")
        answer = client.post("/v1/import-files", content=pieces, headers={"Content-Type": "text/csv"})
    answer.raise_for_status()
    return str(answer.json()["id"])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--timeline", action="store_true", help="wait until every row is on the timeline, too")
    options = parser.parse_args()
    measure(options.rows, timeline=options.timeline)


if __name__ == "__main__":
    main()
