"""The account: what each service holds, figure by figure, against what the input says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from deploy.demo.checks import Check, money, same_members
from deploy.demo.expectations import Expectations
from deploy.demo.invoices import Invoice, Kind
from deploy.demo.online_retail import CURRENCY
from deploy.demo.people import Person
from deploy.demo.programmes import THANKED_DAYS
from deploy.demo.reaching_out import Sent
from deploy.demo.suite_api import Json, SuiteApi
from deploy.demo.tracking_calls import EVENTS, LEDGER, STOCKROOM

PUBLISHED = {
    "invoices": 25_900,
    "all_lines": 541_909,
    "customers": 4_372,
    "buyers": 4_338,
    "orders": 18_532,
    "lines": 397_884,
    "gross_minor": 891_140_790,
}
"""What is known of Online Retail from elsewhere: the set's description and its well-known cleaned totals."""


def check_input(expected: Expectations, invoices: Sequence[Invoice], *, whole: bool) -> Iterator[Check]:
    """That the file is the one it should be, and that reading and counting it agree."""
    if whole:
        for figure, published in PUBLISHED.items():
            yield Check("input", f"{figure.replace('_', ' ')}, as published", published, getattr(expected, figure))
    yield Check("input", "invoices read", expected.invoices, len(invoices))
    yield Check("input", "lines read", expected.all_lines, sum(len(invoice.lines) for invoice in invoices))
    kinds = {kind: sum(invoice.kind is kind for invoice in invoices) for kind in Kind}
    yield Check("input", "purchases read", expected.purchases, kinds[Kind.PURCHASE])
    yield Check("input", "refunds read", expected.refunds + expected.anonymous_refunds, kinds[Kind.REFUND])


def check_events(api: SuiteApi, expected: Expectations) -> Iterator[Check]:
    """Touchpoints by kind and name, and every invoice line."""
    summary = api.get("events", "/v1/summary")
    by_name = {event["name"]: event for event in summary["events"]}
    yield Check("events", "touchpoints", expected.invoices + expected.customers, summary["touchpoints"])
    yield Check("events", "invoices as touchpoints", expected.invoices, summary["by_kind"].get("track", 0))
    yield Check("events", "customers identified", expected.customers, summary["by_kind"].get("identify", 0))
    for kind, count in (
        (Kind.PURCHASE, expected.purchases),
        (Kind.REFUND, expected.refunds + expected.anonymous_refunds),
        (Kind.STOCK_ADJUSTMENT, expected.stock_adjustments),
        (Kind.DEBT_ADJUSTMENT, expected.debt_adjustments),
    ):
        named = by_name.get(EVENTS[kind], {"touchpoints": 0})
        yield Check("events", f"{EVENTS[kind]} touchpoints", count, named["touchpoints"])
    adjusted = sum(
        _lines_of(api, anonymous_id)
        for anonymous_id, count in ((STOCKROOM, expected.stock_adjustments), (LEDGER, expected.debt_adjustments))
        if count
    )
    yield Check("events", "lines of orders and refunds", expected.order_lines, summary["order_lines"])
    yield Check("events", "lines of adjustments, on two timelines", expected.adjustment_lines, adjusted)
    yield Check("events", "lines in all", expected.all_lines, summary["order_lines"] + adjusted)
    yield Check("events", "orders completed", expected.purchases, summary["orders"].get("completed", 0))
    yield Check("events", "dead letters", 0, summary["dead_letters"])


def _lines_of(api: SuiteApi, anonymous_id: str) -> int:
    profile = api.get("profile", "/v1/profiles/lookup", kind="anonymous_id", value=anonymous_id)
    timeline = api.pages("events", f"/v1/profiles/{profile['id']}/timeline", kind="track")
    return sum(len(touchpoint["properties"]["products"]) for touchpoint in timeline)


def check_profiles(
    summary: Json, profiles: Mapping[str, Json], people: Mapping[str, Person], expected: Expectations
) -> Iterator[Check]:
    """Totals, and each customer: address, orders, money net of refunds, last purchase."""
    orders = summary["orders"]
    yield Check("profile", "customers", expected.customers, summary["identified"])
    yield Check("profile", "e-mail addresses", sum(p.email is not None for p in people.values()), _emails(summary))
    yield Check("profile", "purchases of customers", expected.orders, orders["purchases_of_identified"])
    yield Check("profile", "purchases", expected.orders + expected.anonymous_orders, orders["purchases"])
    yield Check("profile", "refunds", expected.refunds + expected.anonymous_refunds, orders["refunds"])
    yield from same_members("profile", "customers by number", set(people), set(profiles))
    wrong = [customer for customer, profile in profiles.items() if not _is_right(customer, profile, expected)]
    yield Check("profile", "customers whose purchases are wrong", "none", ", ".join(wrong[:5]) or "none")
    spent = sum(profile["purchases"]["spent_minor"].get(CURRENCY, 0) for profile in profiles.values())
    net = expected.gross_minor - expected.refunded_minor
    yield Check("profile", "spent by customers, net of refunds", money(net), money(spent))


def _emails(summary: Json) -> int:
    return int(summary["identifiers"].get("email", 0))


def _is_right(customer: str, profile: Json, expected: Expectations) -> bool:
    purchases, account = profile["purchases"], expected.accounts.get(customer)
    if account is None:
        return bool(purchases["orders"] == 0)
    return (
        purchases["orders"] == account.orders
        and purchases["last_order_id"] == account.last_order_id
        and purchases["last_order_amount_minor"] == account.last_order_minor
        and datetime.fromisoformat(purchases["last_order_at"]) == account.last_order_at
        and purchases["spent_minor"].get(CURRENCY, 0) == account.net_minor
    )


def check_scoring(
    summary: Json, scores: Sequence[Json], customer_of: Mapping[str, str], *, expected: Expectations, as_of: datetime
) -> Iterator[Check]:
    """Facts in total, and each customer's visits, orders, money and recency as the RFM model saw them."""
    known, unknown = summary["identified"], summary["anonymous"]
    gross, anonymous_gross = known["gross_minor"].get(CURRENCY, 0), unknown["gross_minor"].get(CURRENCY, 0)
    yield Check("scoring", "customers with a purchase", expected.buyers, known["customers"])
    yield Check("scoring", "their orders", expected.orders, known["orders"])
    yield Check("scoring", "their lines", expected.lines, known["lines"])
    yield Check("scoring", "their money", money(expected.gross_minor), money(gross))
    yield Check("scoring", "their refunds", expected.refunds, known["refunds"])
    yield Check("scoring", "anonymous orders", expected.anonymous_orders, unknown["orders"])
    yield Check("scoring", "anonymous lines", expected.anonymous_lines, unknown["lines"])
    yield Check("scoring", "anonymous money", money(expected.anonymous_gross_minor), money(anonymous_gross))
    yield Check("scoring", "anonymous refunds", expected.anonymous_refunds, unknown["refunds"])
    scored = {customer_of[score["profile_id"]]: score["values"] for score in scores}
    yield from same_members("scoring", "customers scored", set(expected.accounts), set(scored))
    wrong = [
        customer
        for customer, account in expected.accounts.items()
        if (figures := scored.get(customer))
        and (account.visits, account.orders, account.net_minor, (as_of.date() - account.last_order_at.date()).days)
        != (figures["visits"], figures["orders"], figures["net_minor"], figures["recency_days"])
    ]
    yield Check("scoring", "customers whose figures are wrong", "none", ", ".join(wrong[:5]) or "none")


def check_segments(
    sent: Sequence[Sent],
    scores: Sequence[Json],
    customer_of: Mapping[str, str],
    *,
    expected: Expectations,
    as_of: datetime,
) -> Iterator[Check]:
    """Both segments, member by member: one as scoring's scores say, the other as the input says."""
    worth_it = {
        customer_of[score["profile_id"]]
        for score in scores
        if score["values"]["lapsing"] and score["values"]["worth_saving"]
    }
    must_be = {"win_back": worth_it, "thank_you": expected.bought_within(THANKED_DAYS, as_of)}
    for campaign in sent:
        members = {customer_of[member] for member in campaign.members}
        programme = campaign.programme
        yield from same_members("profile", f"segment “{programme.segment}”", must_be[programme.key], members)
