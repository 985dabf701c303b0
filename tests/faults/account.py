"""What clients were told, against what the services hold: the account that a fault test prints and checks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import httpx

from tests.faults.shop import CURRENCY, Customer
from tests.support.suite import Suite

_SETTLE_S = 1.5
"""How long after the last expected effect a doubled one may still show."""


class Totals(NamedTuple):
    """Touchpoints stored by events, and the purchases that profile and scoring made of them."""

    stored: int
    profile_orders: int
    profile_spent: int
    scoring_orders: int
    scoring_gross: int


@dataclass(frozen=True, kw_only=True)
class EventAccount:
    """Calls and their effects. Every figure is exact; money in minor units."""

    acknowledged: int
    stored: int
    profile_orders: int
    profile_spent: int
    scoring_orders: int
    scoring_gross: int
    duplicates: int
    lost: int

    @property
    def totals(self) -> Totals:
        """The same as the services tell them in their summaries."""
        return Totals(self.stored, self.profile_orders, self.profile_spent, self.scoring_orders, self.scoring_gross)

    def __str__(self) -> str:
        return table("Events", {field.name: getattr(self, field.name) for field in fields(self)})


def table(title: str, rows: dict[str, Any]) -> str:
    """Lines of name and figure under a title."""
    return "\n".join([f"\n{title}", *(f"  {name.replace('_', ' '):<18}{value:>14}" for name, value in rows.items())])


def expected(customers: Sequence[Customer]) -> EventAccount:
    """The account of a suite that lost and doubled nothing."""
    calls = sum(len(customer.message_ids()) for customer in customers)
    orders = sum(len(customer.amounts_minor) for customer in customers)
    spent = sum(sum(customer.amounts_minor) for customer in customers)
    return EventAccount(
        acknowledged=calls,
        stored=calls,
        profile_orders=orders,
        profile_spent=spent,
        scoring_orders=orders,
        scoring_gross=spent,
        duplicates=0,
        lost=0,
    )


class Books:
    """Keeps the account of one suite from now on; what it held before does not count."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._opening = self._totals()

    def totals(self) -> Totals:
        """What has come in since the books were opened."""
        return Totals(*(now - before for now, before in zip(self._totals(), self._opening, strict=True)))

    def account_of(self, customers: Sequence[Customer], *, drained_within_s: float = 120.0) -> EventAccount:
        """Wait until the suite has caught up with these customers, then count."""
        wanted = expected(customers)
        told = {message_id for customer in customers for message_id in customer.message_ids()}
        deadline = time.monotonic() + drained_within_s
        while time.monotonic() < deadline and self.totals() != wanted.totals:
            time.sleep(0.3)
        time.sleep(_SETTLE_S)
        held = self._held(customers)
        while time.monotonic() < deadline and told - held.keys():  # events may still have to hear who they are
            time.sleep(0.3)
            held = self._held(customers)
        found = self.totals()
        return EventAccount(
            acknowledged=wanted.acknowledged,
            stored=len(told & held.keys()),
            profile_orders=found.profile_orders,
            profile_spent=found.profile_spent,
            scoring_orders=found.scoring_orders,
            scoring_gross=found.scoring_gross,
            duplicates=sum(count - 1 for count in held.values()),
            lost=len(told - held.keys()),
        )

    def _held(self, customers: Sequence[Customer]) -> Counter[str]:
        """How often each messageId is on the timelines."""
        with self._suite.client("profile") as profile, self._suite.client("events") as events:
            return Counter(message_id for each in customers for message_id in _timeline(profile, events, each))

    def _totals(self) -> Totals:
        """What the three summaries say now."""
        profile = _summary(self._suite, "profile")["orders"]
        scoring = _summary(self._suite, "scoring")["identified"]
        return Totals(
            _summary(self._suite, "events")["touchpoints"],
            profile["placed"],
            profile["spent_minor"].get(CURRENCY, 0),
            scoring["orders"],
            scoring["gross_minor"].get(CURRENCY, 0),
        )


def _summary(suite: Suite, service: str) -> dict[str, Any]:
    with suite.client(service) as client:
        answer = client.get("/v1/summary")
        answer.raise_for_status()
        summary: dict[str, Any] = answer.json()
        return summary


def _timeline(profile: httpx.Client, events: httpx.Client, customer: Customer) -> list[str]:
    """The messageIds on a customer's timeline; none while profile or events does not know him."""
    found = profile.get("/v1/profiles/lookup", params={"kind": "user_id", "value": customer.user_id})
    if found.status_code == httpx.codes.NOT_FOUND:
        return []
    found.raise_for_status()
    answer = events.get(f"/v1/profiles/{found.json()['id']}/timeline", params={"limit": 200})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return []
    answer.raise_for_status()
    return [touchpoint["message_id"] for touchpoint in answer.json()["data"]]
