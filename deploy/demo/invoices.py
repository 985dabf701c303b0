"""What any shop's history is read into before it is played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What an invoice is about."""

    PURCHASE = "purchase"
    REFUND = "refund"
    STOCK_ADJUSTMENT = "stock adjustment"
    DEBT_ADJUSTMENT = "debt adjustment"


class Line(NamedTuple):
    """One line of an invoice, as the shop wrote it: money paid back has a negative quantity."""

    product_id: str
    name: str | None
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice with all its lines; `customer_id` is None when the shop did not know who bought."""

    number: str
    kind: Kind
    at: datetime
    currency: str
    customer_id: str | None
    country: str
    lines: tuple[Line, ...]

    @property
    def amount(self) -> Decimal:
        """The sum of its lines, exact; negative for a refund."""
        return sum((line.quantity * line.unit_price for line in self.lines), Decimal(0))
