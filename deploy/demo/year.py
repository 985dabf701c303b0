"""The whole story: a year is played, scored and answered with letters; every count is checked on the way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from deploy.demo import online_retail
from deploy.demo.accounts import check_events, check_input, check_profiles, check_scoring, check_segments
from deploy.demo.arrived import Arrived, parse
from deploy.demo.checks import Check
from deploy.demo.expectations import Expectations, expect
from deploy.demo.findings import Findings
from deploy.demo.invoices import Invoice
from deploy.demo.letters_check import check_letters
from deploy.demo.people import Person
from deploy.demo.playing import invent_people, play_year, require_empty
from deploy.demo.programmes import thank_you, win_back
from deploy.demo.progress import Narrator
from deploy.demo.reaching_out import Sent, reach_out
from deploy.demo.scoring_run import rfm_scores, score_everyone
from deploy.demo.suite_api import Json, SuiteApi
from deploy.demo.summing_up import choose_letters, sum_up
from deploy.local.mail_catcher.mailbox import Mailbox

SERVICES = ("events", "profile", "scoring", "messaging")


@dataclass(frozen=True, kw_only=True)
class Year:
    """A shop's year as it is played, and what must come of it. `as_of` is the midnight after its last invoice."""

    invoices: tuple[Invoice, ...]
    people: dict[str, Person]
    expected: Expectations
    as_of: datetime
    is_published_set: bool


def read_year(path: Path, *, one_in: int) -> Year:
    """Read and count. Raises OSError, ValueError for a file that is no such table."""
    table = online_retail.read_table(path, one_in=one_in)
    invoices = tuple(online_retail.invoices_of(table))
    last: datetime = pc.max(table["InvoiceDate"]).as_py()
    return Year(
        invoices=invoices,
        people=invent_people(invoices),
        expected=expect(table),
        as_of=datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1),
        is_published_set=path == online_retail.PATH and one_in == 1,
    )


class Telling:
    """The story of one year as it unfolds in a running suite."""

    def __init__(self, year: Year, api: SuiteApi, narrator: Narrator, mailbox: Mailbox) -> None:
        self._year = year
        self._api = api
        self._narrator = narrator
        self._mailbox = mailbox
        self._findings = Findings(customers=year.expected.buyers)

    def tell(self) -> Findings:
        """What came of it, checks included. Raises DemoFailed when a service does not do its part."""
        started = time.monotonic()
        year, api, findings = self._year, self._api, self._findings
        require_empty(api)
        findings.checks += check_input(year.expected, year.invoices, whole=year.is_published_set)
        play_year(api, self._narrator, invoices=year.invoices, people=year.people, expected=year.expected)
        score_everyone(api, self._narrator, as_of=year.as_of, customers=year.expected.buyers, findings=findings)
        sent = reach_out(api, self._narrator, (win_back(), thank_you(year.as_of)), findings)
        arrived = [parse(caught) for caught in self._mailbox.messages()]
        _unsubscribe_one(api, arrived)
        summaries = {service: api.get(service, "/v1/summary") for service in SERVICES}
        with self._narrator.stage("Every count against the input", 1):
            self._check(sent, arrived, summaries)
        findings.letters = [letter.letter() for letter in choose_letters(arrived)]
        took_s = time.monotonic() - started
        sum_up(findings, year.expected, summaries=summaries, caught=len(arrived), took_s=took_s)
        return findings

    def _check(self, sent: Sequence[Sent], arrived: Sequence[Arrived], summaries: dict[str, Json]) -> None:
        year, api, checks = self._year, self._api, self._findings.checks
        profiles = _customers(api)
        customer_of = CustomerNumbers({profile["id"]: customer for customer, profile in profiles.items()})
        scores = rfm_scores(api)
        checks += check_events(api, year.expected)
        checks += check_profiles(summaries["profile"], profiles, year.people, year.expected)
        checks += check_scoring(summaries["scoring"], scores, customer_of, expected=year.expected, as_of=year.as_of)
        checks += check_segments(sent, scores, customer_of, expected=year.expected, as_of=year.as_of)
        checks += check_letters(sent, arrived, year.people, customer_of=customer_of, expected=year.expected)
        checks.append(Check("messaging", "unsubscribed", bool(arrived), summaries["messaging"]["suppressions"]))


class CustomerNumbers(dict[str, str]):
    """The shop's number of each profile; one that is nobody's is told as it is, so that a check can name it."""

    def __missing__(self, profile_id: str) -> str:
        return f"profile {profile_id}"


def _customers(api: SuiteApi) -> dict[str, Json]:
    """Every identified profile, by the shop's own number of the customer."""
    return {
        identifier["value"]: profile
        for profile in api.pages("profile", "/v1/profiles", identified=True)
        for identifier in profile["identifiers"]
        if identifier["kind"] == "user_id"
    }


def _unsubscribe_one(api: SuiteApi, arrived: Sequence[Arrived]) -> None:
    """The last reader clicks the way out."""
    link = arrived[-1].way_out if arrived else None
    if link is not None:
        api.click(link)
