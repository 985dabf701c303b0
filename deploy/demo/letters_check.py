"""The account of the letters: the mail catcher against messaging, and each letter against its customer."""

from __future__ import annotations

from calendar import month_name
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from deploy.demo.arrived import Arrived
from deploy.demo.checks import Check, same_members
from deploy.demo.expectations import Account, Expectations
from deploy.demo.people import Person
from deploy.demo.reaching_out import Sent
from deploy.demo.suite_api import Json


def check_letters(
    sent: Sequence[Sent],
    arrived: Sequence[Arrived],
    people: Mapping[str, Person],
    *,
    customer_of: Mapping[str, str],
    expected: Expectations,
) -> Iterator[Check]:
    """Who was written to, that each letter arrived once, and that it says what it must."""
    by_id = {letter.message_id: letter for letter in arrived}
    settled = {message["id"]: message for campaign in sent for message in campaign.messages}
    certain = {message_id for message_id, message in settled.items() if message["status"] == "sent"}
    in_doubt = {message_id for message_id, message in settled.items() if message["status"] == "unknown"}
    yield from same_members("mail", "letters that arrived", certain, set(by_id) - in_doubt)
    copies = Counter(letter.message_id for letter in arrived)
    yield Check("mail", "letters that arrived twice", 0, sum(number > 1 for number in copies.values()))
    yield Check("messaging", "letters that failed", 0, _with_status(settled.values(), "failed"))
    for campaign in sent:
        yield from _check_campaign(campaign, people, customer_of)
    wrong = [
        f"{letter.recipient} ({flaw})"
        for message_id, letter in by_id.items()
        if message_id in settled
        and (flaw := _flaw(letter, customer_of[settled[message_id]["profile_id"]], people, expected))
    ]
    yield Check("mail", "letters that say something wrong", "none", "; ".join(wrong[:3]) or "none")


def _check_campaign(sent: Sent, people: Mapping[str, Person], customer_of: Mapping[str, str]) -> Iterator[Check]:
    name = sent.programme.name
    customers = {customer_of[message["profile_id"]] for message in sent.messages}
    members = {customer_of[member] for member in sent.members}
    yield from same_members("messaging", f"{name}: audience", members, customers)
    yield Check("messaging", f"{name}: messages, one a customer", len(customers), len(sent.messages))
    unreachable = sum(people[customer].email is None for customer in customers & people.keys())
    yield Check("messaging", f"{name}: without an address", unreachable, _with_status(sent.messages, "skipped"))


def _with_status(messages: Iterable[Json], status: str) -> int:
    return sum(message["status"] == status for message in messages)


def _flaw(letter: Arrived, customer: str, people: Mapping[str, Person], expected: Expectations) -> str | None:
    person, account = people.get(customer), expected.accounts.get(customer)
    if person is None or account is None:
        return "to nobody known"
    text, page = letter.part("plain"), letter.part("html")
    if letter.recipient != person.email:
        return "address"
    if not text.startswith(f"{person.salutation},\n") and not text.startswith(f"{person.salutation}：\n"):
        return "salutation"
    for body in (text, page):
        if not all(said in body for said in last_purchase_told(account, chinese=person.speaks_chinese)):
            return "last purchase"
        if letter.way_out is None or letter.way_out not in body:
            return "way out"
    return None


def last_purchase_told(account: Account, *, chinese: bool) -> tuple[str, str]:
    """The day and the amount of the last purchase, in the reader's language."""
    at = account.last_order_at
    day = f"{at.year}年{at.month}月{at.day}日" if chinese else f"{at.day} {month_name[at.month]} {at.year}"
    return day, f"£{account.last_order_minor / 100:,.2f}"
