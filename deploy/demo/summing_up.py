"""What happened, in words and figures, from what the services and the checks say."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.demo.arrived import Arrived
from deploy.demo.checks import Check, failed, money
from deploy.demo.expectations import Expectations
from deploy.demo.findings import Findings, KeyFigure
from deploy.demo.suite_api import Json


def sum_up(
    findings: Findings, expected: Expectations, *, summaries: dict[str, Json], caught: int, took_s: float
) -> None:
    """Write the headline, the key figures and each service's lines."""
    events, profile, messaging = summaries["events"], summaries["profile"], summaries["messaging"]
    findings.headline = (
        f"{expected.invoices:,} invoices with {expected.all_lines:,} lines went in as touchpoints through the public "
        "API. Customers were recognised, scored, grouped and written to, and every count was checked against the input."
    )
    findings.figures = [
        KeyFigure("invoices played", f"{expected.invoices:,}"),
        KeyFigure("customers", f"{expected.customers:,}"),
        KeyFigure("purchases of customers", f"£{money(expected.gross_minor):,}"),
        KeyFigure("letters that arrived", f"{caught:,}"),
        KeyFigure("seconds", f"{took_s:.0f}"),
    ]
    findings.tell("events", f"{events['touchpoints']:,} touchpoints, {events['duplicates']:,} duplicates dropped")
    findings.tell("events", f"{events['order_lines']:,} product lines in orders and refunds")
    findings.tell("profile", f"{profile['identified']:,} customers and {profile['anonymous']:,} anonymous profiles")
    findings.tell("profile", f"{profile['orders']['purchases']:,} purchases, {profile['orders']['refunds']:,} refunds")
    for segment in findings.segments:
        findings.tell("profile", f"{segment.name}: {segment.size:,} ({segment.meaning})")
    models = f"{findings.fit['purchase_model']} and {findings.fit['spending']['model']}"
    findings.tell("scoring", f"{len(findings.values_minor):,} customers scored: rfm; lifetime value by {models}")
    findings.tell("scoring", f"expected in the next twelve months: £{sum(findings.values_minor) / 100:,.0f}")
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in messaging["messages"].items() if count)
    findings.tell("messaging", f"letters: {outcomes}")
    findings.tell("messaging", f"{messaging['suppressions']:,} unsubscribed by one click")
    findings.tell("mail catcher", f"{caught:,} letters over SMTP")


def choose_letters(arrived: Sequence[Arrived]) -> list[Arrived]:
    """One letter in each language, different ones where there are."""
    chosen: dict[str, Arrived] = {}
    for letter in arrived:
        known = chosen.get(letter.language)
        if known is None or str(letter.message["Subject"]) not in {str(c.message["Subject"]) for c in chosen.values()}:
            chosen.setdefault(letter.language, letter)
    return list(chosen.values())


def show(findings: Findings, console: Console) -> None:
    """The table of what happened, and every check that does not hold."""
    table = Table(title="What happened", title_justify="left", title_style="bold", header_style="dim", box=None)
    table.add_column("service", style="bold")
    table.add_column("what")
    for service, lines in findings.happened.items():
        for number, line in enumerate(lines):
            table.add_row("" if number else service, line)
    console.print()
    console.print(table, highlight=False)
    console.print()
    _show_checks(findings.checks, console)


def _show_checks(checks: Sequence[Check], console: Console) -> None:
    wrong = failed(checks)
    console.print(
        f"{len(checks) - len(wrong)} of {len(checks)} checks against the input hold.", style="" if wrong else "green"
    )
    for check in wrong:
        console.print(f"  {check}", style="red", soft_wrap=True, markup=False, highlight=False)
