"""What must come out, counted on the data's columns and by another way than the one that plays it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
_MILLS = 1000
"""Prices have at most three decimals: money is counted in whole thousandths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOrder:
    """A customer's most recent purchase."""

    order_id: str
    at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Counts of the input; money in pence.

    `buyers`, `orders`, `lines` and `gross_minor` are of the cleaned data: known customer, no cancellation, quantity and
    price above zero. `free_orders` are known customers' invoices on which everything was free.
    """

    invoices: int
    all_lines: int
    customers: int
    buyers: int
    orders: int
    lines: int
    gross_minor: int
    free_orders: int
    refunds: int
    refunded_minor: int
    anonymous_orders: int
    anonymous_lines: int
    anonymous_gross_minor: int
    anonymous_refunds: int
    stock_adjustments: int
    debt_adjustments: int
    order_lines: int
    adjustment_lines: int
    last_orders: dict[str, LastOrder]

    @property
    def purchases(self) -> int:
        """Invoices that are told as a completed order."""
        return self.orders + self.free_orders + self.anonymous_orders

    def bought_within(self, days: int, as_of: datetime) -> set[str]:
        """Customers whose last purchase is at most so many days before `as_of`."""
        start = as_of - timedelta(days=days)
        return {customer for customer, last in self.last_orders.items() if start <= last.at <= as_of}


def expect(table: pa.Table) -> Expectations:
    """Count the lines of `table`, which has the columns of `online_retail`."""
    lines = _Columns(table)
    cancels, corrects = lines.number_starts("C"), lines.number_starts("A")
    sold = (lines.quantity > 0) & (lines.price > 0) & ~cancels & ~corrects
    clean = sold & lines.known
    unknown_sold = np.isin(lines.invoice, lines.invoice[sold & ~lines.known])
    free = lines.known & ~cancels & ~corrects & ~np.isin(lines.invoice, lines.invoice[clean])
    stock = ~lines.known & ~cancels & ~corrects & ~unknown_sold
    return Expectations(
        invoices=lines.invoices(np.ones_like(sold)),
        all_lines=table.num_rows,
        customers=len(np.unique(lines.customer[lines.known])),
        buyers=len(np.unique(lines.customer[clean])),
        orders=lines.invoices(clean),
        lines=int(clean.sum()),
        gross_minor=lines.pence(clean),
        free_orders=lines.invoices(free),
        refunds=lines.invoices(cancels & lines.known),
        refunded_minor=-lines.pence(cancels & lines.known),
        anonymous_orders=lines.invoices(sold & ~lines.known),
        anonymous_lines=int((sold & ~lines.known).sum()),
        anonymous_gross_minor=lines.pence(sold & ~lines.known),
        anonymous_refunds=lines.invoices(cancels & ~lines.known),
        stock_adjustments=lines.invoices(stock),
        debt_adjustments=lines.invoices(corrects),
        order_lines=int((~stock & ~corrects).sum()),
        adjustment_lines=int((stock | corrects).sum()),
        last_orders=lines.last_orders(clean),
    )


class _Columns:
    """The table's columns as arrays; `price` in thousandths, invoices numbered."""

    def __init__(self, table: pa.Table) -> None:
        encoded = table["InvoiceNo"].combine_chunks().dictionary_encode()
        self.numbers: list[str] = encoded.dictionary.to_pylist()
        self.invoice = encoded.indices.to_numpy()
        self.quantity = table["Quantity"].to_numpy()
        self.price = np.rint(table["UnitPrice"].to_numpy() * _MILLS).astype(np.int64)
        self.known: Bools = ~table["CustomerID"].is_null().to_numpy()
        self.customer = pc.fill_null(table["CustomerID"], -1).to_numpy()
        self.when = table["InvoiceDate"].to_numpy()

    def number_starts(self, letter: str) -> Bools:
        starts = np.array([number.startswith(letter) for number in self.numbers], dtype=bool)
        return np.asarray(starts[self.invoice])

    def invoices(self, chosen: Bools) -> int:
        return len(np.unique(self.invoice[chosen]))

    def pence(self, chosen: Bools) -> int:
        """What the chosen lines cost, each invoice rounded half up to the penny."""
        return int(np.sum(self._amounts(chosen)))

    def last_orders(self, chosen: Bools) -> dict[str, LastOrder]:
        """Each customer's last invoice; of two at the same instant the one with the greater number."""
        amounts = self._amounts(chosen)
        first_line: dict[int, int] = {}
        for row in np.flatnonzero(chosen)[::-1]:
            first_line[int(self.invoice[row])] = int(row)
        earliest = np.full(len(self.numbers), np.datetime64("9999-01-01", "us"))
        np.minimum.at(earliest, self.invoice[chosen], self.when[chosen])
        last: dict[str, Any] = {}
        for invoice, row in first_line.items():
            order = (earliest[invoice].item(), self.numbers[invoice], int(amounts[invoice]))
            customer = str(self.customer[row])
            last[customer] = max(last.get(customer, order), order)
        return {
            customer: LastOrder(order_id=number, at=at.replace(tzinfo=UTC), amount_minor=amount)
            for customer, (at, number, amount) in last.items()
        }

    def _amounts(self, chosen: Bools) -> npt.NDArray[np.int64]:
        mills = np.zeros(len(self.numbers), dtype=np.int64)
        np.add.at(mills, self.invoice[chosen], (self.quantity * self.price)[chosen])
        return np.asarray(np.sign(mills) * ((np.abs(mills) + 5) // 10))
