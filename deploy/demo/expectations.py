"""What must come out, counted on the data's columns and by another way than the one that plays it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
_MILLS = 1000
"""Prices have at most three decimals: money is counted in whole thousandths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one customer bought: purchases for money, the distinct days they were made on, and the last of them."""

    orders: int
    visits: int
    net_minor: int
    last_order_id: str
    last_order_at: datetime
    last_order_minor: int


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
    accounts: dict[str, Account]

    @property
    def purchases(self) -> int:
        """Invoices that are told as a completed order."""
        return self.orders + self.free_orders + self.anonymous_orders

    def bought_within(self, days: int, as_of: datetime) -> set[str]:
        """Customers whose last purchase is at most so many days before `as_of`."""
        start = as_of - timedelta(days=days)
        return {customer for customer, account in self.accounts.items() if start <= account.last_order_at <= as_of}


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
        accounts=lines.accounts(clean, cancels & lines.known),
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

    def accounts(self, bought: Bools, paid_back: Bools) -> dict[str, Account]:
        """Every buyer's account; of two orders at the same instant the one with the greater number is the last."""
        amounts, returned = self._amounts(bought), self._by_customer(paid_back)
        orders = self._orders(bought)
        return {
            customer: Account(
                orders=len(of_customer),
                visits=len({at.date() for at, _, _ in of_customer}),
                net_minor=sum(int(amounts[invoice]) for _, _, invoice in of_customer) + returned.get(customer, 0),
                last_order_id=max(of_customer)[1],
                last_order_at=max(of_customer)[0].replace(tzinfo=UTC),
                last_order_minor=int(amounts[max(of_customer)[2]]),
            )
            for customer, of_customer in orders.items()
        }

    def _orders(self, chosen: Bools) -> dict[str, list[tuple[datetime, str, int]]]:
        """Time, number and index of each customer's invoices among the chosen lines."""
        earliest = np.full(len(self.numbers), np.datetime64("9999-01-01", "us"))
        np.minimum.at(earliest, self.invoice[chosen], self.when[chosen])
        invoices, lines = np.unique(self.invoice[chosen], return_index=True)
        orders: dict[str, list[tuple[datetime, str, int]]] = {}
        for invoice, customer in zip(invoices.tolist(), self.customer[chosen][lines].tolist(), strict=True):
            orders.setdefault(str(customer), []).append((earliest[invoice].item(), self.numbers[invoice], invoice))
        return orders

    def _by_customer(self, chosen: Bools) -> dict[str, int]:
        """What the chosen invoices cost, by customer."""
        amounts = self._amounts(chosen)
        costs: dict[str, int] = {}
        invoices, lines = np.unique(self.invoice[chosen], return_index=True)
        for invoice, customer in zip(invoices.tolist(), self.customer[chosen][lines].tolist(), strict=True):
            costs[str(customer)] = costs.get(str(customer), 0) + int(amounts[invoice])
        return costs

    def _amounts(self, chosen: Bools) -> npt.NDArray[np.int64]:
        mills = np.zeros(len(self.numbers), dtype=np.int64)
        np.add.at(mills, self.invoice[chosen], (self.quantity * self.price)[chosen])
        return np.asarray(np.sign(mills) * ((np.abs(mills) + 5) // 10))
