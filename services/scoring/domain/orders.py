"""What a customer bought, read from statements about orders that arrive in any order, some of them twice.

A statement is what one touchpoint said of one order. Every rule below depends on the set of statements only, never on
the sequence in which they arrived:

- statements that name the same order id speak of one order, whoever sent them;
- an order was placed at its earliest completed or updated statement; its money is that of the latest that names any;
- a cancelled order does not count, unless a later statement with money places it anew;
- refunds reduce their order, never below zero; a refund without an amount gives the whole order back;
- refunds of an order that nobody knows reduce what the customer spent with the shop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

OrderStatus = Literal["completed", "updated", "refunded", "cancelled"]


@dataclass(frozen=True, slots=True)
class OrderStatement:
    """What one touchpoint said of one order. `amount_minor` is in minor units of `currency`, never negative.

    `paid_lines` counts the lines with a positive quantity and a positive price.
    """

    statement_id: str
    order_id: str
    status: OrderStatus
    currency: str
    amount_minor: int | None
    occurred_at: datetime
    paid_lines: int = 0

    @property
    def freshness(self) -> tuple[datetime, str]:
        """Orders two statements of one order; the id breaks ties, so that arrival never does."""
        return self.occurred_at, self.statement_id


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that counts: not cancelled, and worth something when it was made. Money in minor units."""

    order_id: str
    placed_at: datetime
    currency: str
    gross_minor: int
    refunded_minor: int
    paid_lines: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.refunded_minor

    @property
    def day(self) -> date:
        return self.placed_at.date()


@dataclass(frozen=True, slots=True)
class Account:
    """All a customer bought and gave back. `stray_refunds` (currency, minor units) belong to no known order."""

    purchases: tuple[Purchase, ...]
    stray_refunds: tuple[tuple[str, int], ...] = ()
    refunds: int = 0

    def home_currency(self) -> str | None:
        """The currency of most purchases; of equals, the one used last. None without a purchase."""
        use: dict[str, tuple[int, datetime]] = {}
        for purchase in self.purchases:
            count, last = use.get(purchase.currency, (0, purchase.placed_at))
            use[purchase.currency] = (count + 1, max(last, purchase.placed_at))
        return max(use, key=lambda currency: (*use[currency], currency), default=None)

    def net_minor(self, currency: str) -> int:
        """What was spent in `currency`, after refunds; negative when more was given back than is known as bought."""
        stray = sum(amount for code, amount in self.stray_refunds if code == currency)
        return sum(p.net_minor for p in self.purchases if p.currency == currency) - stray


def settle(statements: Iterable[OrderStatement]) -> Account:
    """One customer's statements, settled into what was bought and what was given back."""
    by_order: defaultdict[str, list[OrderStatement]] = defaultdict(list)
    for statement in statements:
        by_order[statement.order_id].append(statement)
    purchases: list[Purchase] = []
    stray: defaultdict[str, int] = defaultdict(int)
    refunds = 0
    for said in by_order.values():
        refunds += sum(s.status == "refunded" for s in said)
        placed = [s for s in said if s.status in ("completed", "updated")]
        if all(s.amount_minor is None for s in placed):
            for s in said:
                if s.status == "refunded" and s.amount_minor:
                    stray[s.currency] += s.amount_minor
        elif (purchase := _purchase(said, placed)) is not None:
            purchases.append(purchase)
    purchases.sort(key=lambda p: (p.placed_at, p.order_id))
    return Account(tuple(purchases), tuple(sorted(stray.items())), refunds)


def _purchase(said: Sequence[OrderStatement], placed: Sequence[OrderStatement]) -> Purchase | None:
    """The order that `said` speaks of, or None when it was cancelled or free; one of `placed` names money."""
    latest = max((s for s in placed if s.amount_minor is not None), key=lambda s: s.freshness)
    if any(s.status == "cancelled" and s.occurred_at >= latest.occurred_at for s in said):
        return None
    gross = latest.amount_minor or 0
    if gross <= 0:
        return None
    return Purchase(
        order_id=latest.order_id,
        placed_at=min(s.occurred_at for s in placed),
        currency=latest.currency,
        gross_minor=gross,
        refunded_minor=min(gross, _refunded(said, currency=latest.currency, gross=gross)),
        paid_lines=latest.paid_lines,
    )


def _refunded(said: Sequence[OrderStatement], *, currency: str, gross: int) -> int:
    """Minor units given back on a known order; a refund in another currency cannot be set against it."""
    refunds = [s for s in said if s.status == "refunded"]
    if any(s.amount_minor is None for s in refunds):
        return gross
    return sum(s.amount_minor or 0 for s in refunds if s.currency == currency)
