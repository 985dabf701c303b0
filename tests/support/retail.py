"""A year of a real shop, as the touchpoints that events would publish of it.

Online Retail, UCI Machine Learning Repository 352 (D. Chen, 2015), CC BY 4.0.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet

from shared.contracts.events import Order, OrderLine, TouchpointRecordedV1
from shared.contracts.profile import Identifier, ProfileChangedV1

DATA = Path(__file__).parents[2] / "deploy" / "demo" / "data" / "online_retail.parquet"
_NAMES = uuid.UUID("5b0c1a52-6d0e-4f0a-9a6e-0d8c6b1f3a01")


def read_lines() -> list[dict[str, Any]]:
    """The invoice lines in the file's order, which keeps an invoice's lines together."""
    columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    return pyarrow.parquet.read_table(DATA, columns=columns).to_pylist()


def touchpoints() -> Iterator[TouchpointRecordedV1]:
    """One touchpoint an invoice: completed, or refunded where its number begins with C."""
    for invoice, rows in groupby(sorted(read_lines(), key=lambda row: row["InvoiceNo"]), lambda row: row["InvoiceNo"]):
        yield _touchpoint(invoice, list(rows))


def profile_of(subject: str) -> ProfileChangedV1:
    """The profile that a subject alone makes."""
    kind, _, value = subject.partition(":")
    return ProfileChangedV1(
        profile_id=str(uuid.uuid5(_NAMES, subject)),
        version=1,
        changed_at=datetime(2011, 12, 10, tzinfo=UTC),
        identifiers=(Identifier(kind=kind, value=value),),
    )


def _touchpoint(invoice: str, rows: list[dict[str, Any]]) -> TouchpointRecordedV1:
    refund = invoice.startswith("C")
    lines = tuple(_line(row) for row in rows)
    paid = sum(
        abs(line.quantity) * line.unit_price
        for line in lines
        if line.unit_price and line.unit_price > 0 and (line.quantity < 0 if refund else line.quantity > 0)
    )
    customer = rows[0]["CustomerID"]
    at = min(row["InvoiceDate"] for row in rows).to_pydatetime().replace(tzinfo=UTC)
    return TouchpointRecordedV1(
        touchpoint_id=str(uuid.uuid5(_NAMES, invoice)),
        message_id=invoice,
        source_id="retail",
        kind="track",
        subject=f"user_id:{customer}" if customer else f"anonymous_id:{invoice}",
        occurred_at=at,
        received_at=at,
        name="Order Refunded" if refund else "Order Completed",
        order=Order(
            order_id=invoice,
            status="refunded" if refund else "completed",
            currency="GBP",
            amount_minor=int((paid * 100).quantize(Decimal(1))) if paid else 0,
            lines=lines,
        ),
    )


def _line(row: dict[str, Any]) -> OrderLine:
    return OrderLine(
        product_id=row["StockCode"],
        name=row["Description"],
        quantity=Decimal(row["Quantity"]),
        unit_price=Decimal(str(row["UnitPrice"])),
    )
