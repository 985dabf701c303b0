"""What scoring knows of, in counts, to check against what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.scoring.use_cases.ports import Customer


@dataclass
class PurchaseCounts:
    """Customers with a purchase, their orders and paid lines, refunds, and money in minor units by currency."""

    customers: int = 0
    orders: int = 0
    lines: int = 0
    refunds: int = 0
    gross_minor: Counter[str] = field(default_factory=Counter)
    net_minor: Counter[str] = field(default_factory=Counter)

    def add(self, customer: Customer) -> None:
        """Count one customer; a customer without a purchase counts with refunds only."""
        account = customer.account
        self.customers += bool(account.purchases)
        self.orders += len(account.purchases)
        self.refunds += account.refunds
        for purchase in account.purchases:
            self.lines += purchase.paid_lines
            self.gross_minor[purchase.currency] += purchase.gross_minor
            self.net_minor[purchase.currency] += purchase.net_minor
        for currency, amount in account.stray_refunds:
            self.net_minor[currency] -= amount


@dataclass
class FactSummary:
    """Identified and anonymous customers apart; `without_profile` counts the customers profile has not told of yet."""

    identified: PurchaseCounts = field(default_factory=PurchaseCounts)
    anonymous: PurchaseCounts = field(default_factory=PurchaseCounts)
    without_profile: int = 0


def summarise_facts(customers: Iterable[Customer]) -> FactSummary:
    """Count every customer once."""
    summary = FactSummary()
    for customer in customers:
        (summary.identified if customer.identified else summary.anonymous).add(customer)
        summary.without_profile += customer.profile_id is None
    return summary
