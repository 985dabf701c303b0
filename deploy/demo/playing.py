"""The year itself: every invoice to events, then waiting until each service knows of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deploy.demo.expectations import Expectations
from deploy.demo.failures import DemoFailed
from deploy.demo.invoices import Invoice
from deploy.demo.people import Person, invent
from deploy.demo.player import play
from deploy.demo.progress import Narrator
from deploy.demo.suite_api import SuiteApi
from deploy.demo.tracking_calls import Call, identify_call, track_call
from deploy.demo.waiting import wait_until


def invent_people(invoices: Sequence[Invoice]) -> dict[str, Person]:
    """The customers, by their number in the data."""
    countries = {invoice.customer_id: invoice.country for invoice in reversed(invoices)}
    return {customer: invent(customer, country) for customer, country in countries.items() if customer is not None}


def calls_of(invoices: Sequence[Invoice], people: Mapping[str, Person]) -> Iterator[Call]:
    """One identify call a customer, at the time of their first invoice, then one track call an invoice."""
    first_seen = {invoice.customer_id: invoice.at for invoice in reversed(invoices)}
    for customer, person in people.items():
        yield identify_call(person, first_seen=first_seen[customer])
    for invoice in invoices:
        yield track_call(invoice)


def require_empty(api: SuiteApi) -> None:
    """Raise DemoFailed when the databases hold data already: the counts could not be told apart."""
    if held := api.get("events", "/v1/summary")["touchpoints"]:
        raise DemoFailed(f"events holds {held:,} touchpoints already; the demo needs empty databases")


def play_year(
    api: SuiteApi,
    narrator: Narrator,
    *,
    invoices: Sequence[Invoice],
    people: Mapping[str, Person],
    expected: Expectations,
) -> None:
    """Send everything, and wait until every service has taken it in."""
    total = len(invoices) + len(people)
    with narrator.stage("Playing the year", total) as advance:
        sent = 0

        def count(calls: int) -> None:
            nonlocal sent
            sent += calls
            advance(sent)

        play(api, calls_of(invoices, people), count)
    _wait_for_all(api, narrator, expected, touchpoints=total)


def _wait_for_all(api: SuiteApi, narrator: Narrator, expected: Expectations, *, touchpoints: int) -> None:
    refunds = expected.refunds + expected.anonymous_refunds
    paid = expected.orders + expected.anonymous_orders + refunds
    placed = expected.purchases + refunds

    def recorded() -> int:
        return int(api.get("events", "/v1/summary")["touchpoints"])

    def in_profiles() -> int:
        orders = api.get("profile", "/v1/summary")["orders"]
        return int(orders["placed"] + orders["refunds"])

    def in_scoring() -> int:
        facts = api.get("scoring", "/v1/summary")
        told = sum(facts[who][what] for who in ("identified", "anonymous") for what in ("orders", "refunds"))
        return int(told - facts["without_profile"])

    for title, read, target, every_s in (
        ("Touchpoints recorded by events", recorded, touchpoints, 0.5),
        ("Orders and refunds known to profile", in_profiles, placed, 0.5),
        ("Orders and refunds known to scoring", in_scoring, paid, 1.5),
    ):
        with narrator.stage(title, target) as advance:
            wait_until(read, target, advance, what=title, every_s=every_s)
