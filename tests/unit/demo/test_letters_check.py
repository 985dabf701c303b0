"""The demo's own eye on letters must catch what is wrong with one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.demo.arrived import parse
from deploy.demo.checks import Check, failed, same_members
from deploy.demo.expectations import Account
from deploy.demo.letters_check import last_purchase_told
from deploy.local.mail_catcher.mailbox import Caught

ACCOUNT = Account(
    orders=2,
    visits=2,
    net_minor=1,
    last_order_id="1",
    last_order_at=datetime(2011, 12, 9, 9, tzinfo=UTC),
    last_order_minor=123_456,
)


def letter(*headers: str) -> Caught:
    head = ("To: Jane <jane@example.com>", "Subject: Hello", "Content-Language: en", *headers)
    return Caught(
        "<0193@shop.example>", "s", ("jane@example.com",), "\r\n".join([*head, "", "Dear Jane,", ""]).encode()
    )


def test_the_last_purchase_in_both_languages() -> None:
    assert last_purchase_told(ACCOUNT, chinese=False) == ("9 December 2011", "£1,234.56")
    assert last_purchase_told(ACCOUNT, chinese=True) == ("2011年12月9日", "£1,234.56")


def test_a_letter_is_read() -> None:
    arrived = parse(letter())
    assert (arrived.message_id, arrived.recipient, arrived.part("plain")) == (
        "0193",
        "jane@example.com",
        "Dear Jane,\n",
    )


def test_a_proper_way_out() -> None:
    headers = ("List-Unsubscribe: <https://x.example/u/1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    assert parse(letter(*headers)).way_out == "https://x.example/u/1"


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("List-Unsubscribe: <https://x.example/u/1>",),
        ("List-Unsubscribe: <mailto:x@y>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
        (
            "List-Unsubscribe: <https://x.example/u/1>",
            "List-Unsubscribe: <https://x.example/u/2>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ),
    ],
)
def test_a_way_out_that_is_none(headers: tuple[str, ...]) -> None:
    assert parse(letter(*headers)).way_out is None


def test_a_difference_says_where() -> None:
    wrong = failed([Check("events", "invoices", 25_900, 25_900), Check("scoring", "lines", 397_884, 397_883)])
    assert [str(check) for check in wrong] == ["scoring: lines is 397,883, must be 397,884"]


def test_sets_that_differ_in_one_member_each() -> None:
    wrong = failed(same_members("mail", "letters", {"a", "b"}, {"b", "c"}))
    assert [str(check) for check in wrong] == [
        "mail: letters: missing is 1, such as a, must be none",
        "mail: letters: too many is 1, such as c, must be none",
    ]
