"""All customers to be scored, in columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from services.scoring.domain.orders import Account
from services.scoring.domain.repeat_statistics import Floats, Ints
from services.scoring.domain.visits import Visits

_EPOCH = date(1970, 1, 1)


def day_number(moment: datetime) -> int:
    """The UTC day of an aware moment, counted from 1970-01-01."""
    return (moment.date() - _EPOCH).days


def day_of(number: int) -> date:
    """The day that `day_number` counted."""
    return date.fromordinal(_EPOCH.toordinal() + number)


@dataclass(frozen=True, eq=False)
class Population:
    """Customers with a purchase. `currency[i]` indexes `currencies`; money is net of refunds, in minor units.

    Visits count whatever the currency; money only counts in the customer's home currency, since amounts of two
    currencies cannot be added without a rate.
    """

    profile_ids: tuple[str, ...]
    currencies: tuple[str, ...]
    currency: Ints
    visits: Visits
    orders: Ints
    net_minor: Floats

    @property
    def customers(self) -> int:
        return len(self.profile_ids)

    def of_currency(self, number: int) -> tuple[Ints, Visits]:
        """The customers at home in one currency: their numbers here, and their visits, renumbered from 0."""
        members = np.flatnonzero(self.currency == number)
        position = np.full(self.customers, -1)
        position[members] = np.arange(members.size)
        rows = position[self.visits.customer] >= 0
        customer = position[self.visits.customer[rows]]
        return members, Visits(customer, self.visits.day[rows], self.visits.money[rows], members.size)


def gather(accounts: Iterable[tuple[str, Account]]) -> Population:
    """Put the accounts of profiles in columns; those without a purchase are left out."""
    profile_ids: list[str] = []
    currencies: dict[str, int] = {}
    home: list[int] = []
    orders: list[int] = []
    net: list[float] = []
    rows: list[tuple[int, int, float]] = []
    for profile_id, account in accounts:
        currency = account.home_currency()
        if currency is None:
            continue
        number = len(profile_ids)
        profile_ids.append(profile_id)
        home.append(currencies.setdefault(currency, len(currencies)))
        orders.append(len(account.purchases))
        net.append(float(account.net_minor(currency)))
        for purchase in account.purchases:
            money = float(purchase.net_minor) if purchase.currency == currency else np.nan
            rows.append((number, day_number(purchase.placed_at), money))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Population(
        profile_ids=tuple(profile_ids),
        currencies=tuple(currencies),
        currency=np.array(home, dtype=np.int64),
        visits=Visits.from_purchases(
            customer=table[:, 0].astype(np.int64),
            day=table[:, 1].astype(np.int64),
            money=table[:, 2],
            customers=len(profile_ids),
        ),
        orders=np.array(orders, dtype=np.int64),
        net_minor=np.array(net),
    )
