"""Addresses without a mailbox: marketing does not go to them again, and they are told from refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from services.messaging.api.app import create_app
from services.messaging.settings import MessagingSettings
from shared.contracts.messaging import ResubscribedV1, UnsubscribedV1
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import Shop, changed
from tests.integration.messaging.test_api import way_out
from tests.integration.messaging.test_listed_suppressions import listed
from tests.integration.messaging.test_suppressions import PATH, look_up, refuse

NO_MAILBOX = "550 5.1.1 <c0@example.com>: user unknown"


@pytest.fixture
def http(shop: Shop, settings: MessagingSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def bounce(shop: Shop, server: MailServer) -> None:
    """A transactional letter to the first of two customers, which tells that there is no mailbox."""
    server.answer("c0@example.com", [f"RCPT {NO_MAILBOX}"])
    shop.customers(2)
    shop.campaign(kind="transactional")
    shop.send_all()


def reasons_of(shop: Shop, campaign: str) -> dict[str, str | None]:
    return {row.status: row.reason for row in shop.messages() if row.campaign_id == campaign}


@pytest.mark.parametrize("pipelining", [True, False])
def test_no_marketing_goes_to_an_address_without_a_mailbox(
    http: TestClient, shop: Shop, server: MailServer, pipelining: bool
) -> None:
    server.pipelining = pipelining
    bounce(shop, server)
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}
    assert reasons_of(shop, campaign) == {"sent": None, "skipped": "bounced"}
    (row,) = listed(http, by="mail-server")
    assert (row["by"], row["address"], len(row["profile_ids"])) == ("mail-server", "c0@example.com", 1)
    (failed,) = [each for each in shop.messages() if each.status == "failed"]
    assert (failed.reason, row["message_id"]) == (NO_MAILBOX, failed.id)
    assert listed(http, by="one-click") == listed(http, by="operator") == []
    summary = http.get("/v1/summary").json()
    assert (summary["suppressions"], summary["bounced_addresses"]) == (0, 1)


def test_a_transactional_letter_goes_to_it_all_the_same(shop: Shop, server: MailServer) -> None:
    bounce(shop, server)
    campaign = shop.campaign(kind="transactional")
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 2}


def test_a_letter_of_a_running_campaign_is_held_back_too(http: TestClient, shop: Shop, server: MailServer) -> None:
    shop.customers(2)
    campaign = shop.campaign()
    shop.move_campaigns()
    http.post(PATH, json={"addresses": ["C0@example.com"], "by": "mail-server"}).raise_for_status()
    shop.send_all()
    assert reasons_of(shop, campaign) == {"sent": None, "skipped": "bounced"}
    assert [address for address, _ in server.accepted] == ["c1@example.com"]


def test_a_refusal_that_does_not_tell_of_the_mailbox_leaves_the_address_open(shop: Shop, server: MailServer) -> None:
    server.answer("c0@example.com", ["RCPT 550 5.7.1 blocked", "550 no such user"])
    shop.customers(1)
    for _ in range(2):
        shop.campaign()
        shop.send_all()
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1}


def test_what_a_provider_reports_is_told_of_nobody_and_is_taken_back_without_a_word(
    http: TestClient, shop: Shop
) -> None:
    shop.tell(changed("a", "jane@example.com"))
    report = {"addresses": ["jane@example.com", "mei@example.com", "JANE@example.com"], "by": "mail-server"}
    assert http.post(PATH, json=report).json() == {"added": 2, "known": 0}
    assert http.post(PATH, json=report).json() == {"added": 0, "known": 2}
    shown = look_up(http, "jane@example.com").json()
    assert (shown["by"], shown["message_id"]) == ("mail-server", None)
    assert http.delete(PATH, params={"address": "jane@example.com"}).status_code == 204
    assert look_up(http, "jane@example.com").status_code == 404
    assert not [fact for fact in shop.facts() if isinstance(fact, UnsubscribedV1 | ResubscribedV1)]
    assert http.post(PATH, json={"addresses": ["a@example.com"], "by": "one-click"}).status_code == 422


def test_a_refusal_takes_the_place_of_a_bounce_and_never_the_other_way_round(
    http: TestClient, shop: Shop, server: MailServer
) -> None:
    jane, _ = shop.customers(2)
    shop.campaign()
    shop.send_all()
    report = {"addresses": ["c0@example.com", "c1@example.com"], "by": "mail-server"}
    http.post(PATH, json=report).raise_for_status()
    http.post(way_out(server.to("c0@example.com")[0]))
    assert refuse(http, "c1@example.com") == {"added": 1, "known": 0}
    assert http.post(PATH, json=report).json() == {"added": 0, "known": 2}
    assert [look_up(http, f"c{n}@example.com").json()["by"] for n in (0, 1)] == ["one-click", "operator"]
    told = [fact for fact in shop.facts() if isinstance(fact, UnsubscribedV1)]
    assert (len(told), told[0].profile_id) == (2, jane)
