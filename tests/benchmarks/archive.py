"""How fast touchpoints are archived, beside a plain write of the same rows by pyarrow.

`python -m tests.benchmarks.archive [--rows 300000]` prints a table. What is archived is read from records of the bus,
made into columns, written durably and entered in the ledger with the position. The ratio is to a write by pyarrow of
rows that are dictionaries already; one of columns that are there already is shown too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.settings import EventsSettings
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Partition, Record
from shared.contracts.events import Order, OrderLine, TouchpointRecordedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.ids import new_id
from shared.sql.migrations import upgrade
from tests.support.archive import table_of

EVENTS_A_RECORD = 200
RECORDS_A_FILE = 375  # some 32 MB, as the worker collects them


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: rows a second, bytes a row on the disk, and the rate against pyarrow's for dictionaries."""

    what: str
    rows_per_s: float
    bytes_a_row: float
    ratio: float


def measure(count: int) -> list[Row]:
    """The archive and the plain write, of the same rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archived = _archive(folder, list(_records(count)))
        table = table_of(folder / "archive").drop(["day"]).combine_chunks()
        started = time.perf_counter()
        pq.write_table(table, folder / "plain.parquet", compression="zstd")
        plain = count / (time.perf_counter() - started)
        rows = table.to_pylist()
        started = time.perf_counter()
        pq.write_table(pa.Table.from_pylist(rows, table.schema), folder / "rows.parquet", compression="zstd")
        from_rows = count / (time.perf_counter() - started)
        size = sum(path.stat().st_size for path in (folder / "archive").rglob("*.parquet"))
        plain_size = (folder / "plain.parquet").stat().st_size
    return [
        Row("pyarrow, columns", plain, plain_size / count, plain / from_rows),
        Row("pyarrow, dicts", from_rows, plain_size / count, 1.0),
        Row("archive", archived, size / count, archived / from_rows),
    ]


def _archive(folder: Path, records: Sequence[Record]) -> float:
    settings = EventsSettings(
        data_dir=folder, bus_url=str(folder / "bus"), events_database_url=f"sqlite:///{folder}/events.db"
    )
    wiring = Wiring(settings)
    upgrade(wiring.database, MIGRATIONS)
    archive = wiring.archive
    assert archive is not None
    assert archive.lease.hold()
    archive.keep.take_over()
    place: Partition = (TOUCHPOINTS.name, 0)
    at: dict[Partition, int] = {}
    rows, started = 0, time.perf_counter()
    for first in range(0, len(records), RECORDS_A_FILE):
        batch = records[first : first + RECORDS_A_FILE]
        reached = {place: first + len(batch)}
        rows += archive.writer.write(batch, at, reached)
        archive.keep.publish()
        at = reached
    took = time.perf_counter() - started
    wiring.database.dispose()
    return rows / took


def _records(count: int) -> Iterator[Record]:
    began = datetime.now(UTC)
    for offset, first in enumerate(range(0, count, EVENTS_A_RECORD)):
        numbers = range(first, min(first + EVENTS_A_RECORD, count))
        events = [_event(number, began) for number in numbers]
        new = to_record(events, topic=TOUCHPOINTS, key="k", record_id=new_id())
        yield Record(TOUCHPOINTS.name, 0, offset, new.value, "k", new.headers, began)


def _event(number: int, began: datetime) -> Event:
    """A page view of some 400 bytes; each tenth is an order."""
    order = Order(
        order_id=f"o-{number}",
        status="completed",
        currency="GBP",
        amount_minor=number % 10_000,
        lines=(OrderLine(product_id=f"p-{number % 500}", name="Teapot", unit_price=Decimal("12.75")),),
    )
    fact = TouchpointRecordedV1(
        touchpoint_id=new_id(),
        message_id=f"m-{number}",
        source_id="web",
        kind="track",
        name="Order Completed" if number % 10 == 0 else "Product Viewed",
        subject=f"user_id:u-{number % 20_000}",
        user_id=f"u-{number % 20_000}",
        occurred_at=began - timedelta(seconds=number % 3_600),
        received_at=began,
        properties={"sku": f"s-{number % 5_000}", "price": number % 97, "path": f"/shop/{number % 3_000}"},
        context={"ip": f"10.0.{number % 250}.{number % 199}", "locale": "zh-TW"},
        order=order if number % 10 == 0 else None,
    )
    return Event(id=new_id(), source="bench", type=fact.event_type, time=began, data=msgspec.json.encode(fact))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    sys.stdout.write(f"{'Parquet':<20}{'rows/s':>12}{'bytes/row':>12}{'of the dicts':>14}\n")
    for row in measure(parser.parse_args().rows):
        sys.stdout.write(f"{row.what:<20}{row.rows_per_s:>12,.0f}{row.bytes_a_row:>12.0f}{row.ratio:>14.2f}\n")


if __name__ == "__main__":
    main()
