"""Online Retail, or another table of the same columns, as invoices.

One row a line: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. An InvoiceNo
that starts with C cancels, one that starts with A corrects a debt. Its times have no zone and are taken as UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deploy.demo.invoices import Invoice, Kind, Line

PATH = Path(__file__).with_name("data") / "online_retail.parquet"
CURRENCY = "GBP"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def read_table(path: Path = PATH, *, one_in: int = 1) -> pa.Table:
    """The lines of the file; with `one_in`, of about one customer (and one anonymous invoice) in so many.

    Raises OSError when there is no such file, ValueError when its columns are others.
    """
    table = pq.read_table(path)
    if missing := set(COLUMNS) - set(table.column_names):
        raise ValueError(f"{path} has no column {', '.join(sorted(missing))}")
    table = table.select(COLUMNS)
    when = pc.cast(table["InvoiceDate"], pa.timestamp("us"))
    table = table.set_column(table.schema.get_field_index("InvoiceDate"), "InvoiceDate", when)
    if one_in == 1:
        return table
    digits = pc.replace_substring_regex(table["InvoiceNo"], pattern="[^0-9]", replacement="")
    owner = pc.coalesce(pc.cast(table["CustomerID"], pa.int64()), pc.cast(digits, pa.int64()))
    kept = pc.equal(pc.subtract(owner, pc.multiply(pc.divide(owner, one_in), one_in)), 0)
    return table.filter(kept)


def invoices_of(table: pa.Table) -> Iterator[Invoice]:
    """Every invoice once, in the order of first appearance; an invoice's time is that of its first line."""
    columns = [table[name].to_pylist() for name in COLUMNS]
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in zip(*columns, strict=True):
        rows.setdefault(row[0], []).append(row)
    for number, of_invoice in rows.items():
        yield _invoice(number, of_invoice)


def _invoice(number: str, rows: list[tuple[Any, ...]]) -> Invoice:
    *_, customer, country = rows[0]
    at: datetime = min(row[4] for row in rows)
    return Invoice(
        number=number,
        kind=_kind(number, rows, known=customer is not None),
        at=at.replace(tzinfo=UTC),
        currency=CURRENCY,
        customer_id=None if customer is None else str(customer),
        country=country,
        lines=tuple(Line(row[1], row[2] and row[2].strip(), row[3], _price(row[5])) for row in rows),
    )


def _kind(number: str, rows: list[tuple[Any, ...]], *, known: bool) -> Kind:
    if number.startswith("C"):
        return Kind.REFUND
    if number.startswith("A"):
        return Kind.DEBT_ADJUSTMENT
    sold = any(quantity > 0 and price > 0 for _, _, _, quantity, _, price, _, _ in rows)
    return Kind.PURCHASE if sold or known else Kind.STOCK_ADJUSTMENT


@cache
def _price(price: float) -> Decimal:
    """The decimal that the shop wrote: the shortest that reads as this float."""
    return Decimal(repr(price))
