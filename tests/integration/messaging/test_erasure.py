"""Erasing customers from messaging: outcomes stay counted, nobody can tell whose; who refused stays refused."""

from __future__ import annotations

import re
from itertools import permutations

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import delete

from services.messaging.adapters.sql.tables import contacts, memberships, merges
from services.messaging.api.app import create_app
from shared.contracts.messaging import MessageDispatchedV1
from shared.contracts.profile import ProfileErasedV1
from shared.ids import new_id
from shared.sql.plumbing import erased_names
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import WHEN, Shop, changed, entered, merged
from tests.support.search import places_of


def erased(profile_id: str, *merged_ids: str) -> ProfileErasedV1:
    return ProfileErasedV1(erasure_id=new_id(), profile_id=profile_id, merged_profile_ids=merged_ids, erased_at=WHEN)


def test_in_any_order_copies_of_an_erased_customer_do_not_come_back(shop: Shop) -> None:
    jane, old = new_id(), new_id()
    facts = [changed(jane, "jane@example.com"), entered(jane), merged(old, jane), erased(jane, old), entered(old)]
    for order in list(permutations(facts))[::3]:
        for fact in order:
            shop.tell(fact)
        assert places_of(["jane", jane, old], shop.wiring.database) == set()
        with shop.wiring.database.transaction() as session:
            for table in (contacts, memberships, merges, erased_names):
                session.execute(delete(table))


def test_what_was_sent_stays_counted_and_what_waits_is_not_sent(shop: Shop, server: MailServer) -> None:
    first, second, third = shop.customers(3)
    sent = shop.campaign()
    shop.send_all()
    waiting = shop.campaign()
    shop.move_campaigns()
    shop.tell(erased(second))
    assert places_of(["c1@example.com", "Name1", second], shop.wiring.database, apart_from=["outbox"]) == set()
    shop.send_all()
    with TestClient(create_app(shop.wiring.settings), headers={"Authorization": f"Bearer {KEY}"}) as client:
        counts = [client.get(f"/v1/campaigns/{each}").json()["messages"] for each in (sent, waiting)]
    assert [(each["sent"], each["skipped"]) for each in counts] == [(3, 0), (2, 1)]
    assert len(server.to("c1@example.com")) == 1
    told = [fact for fact in shop.facts() if isinstance(fact, MessageDispatchedV1) and fact.campaign_id == waiting]
    (skipped,) = [fact for fact in told if fact.outcome == "skipped"]
    assert (skipped.reason, skipped.profile_id) == ("erased", f"erased:{skipped.message_id}")
    assert {first, third} == {fact.profile_id for fact in told if fact.outcome == "sent"}


def test_an_address_that_refused_stays_refused_when_its_customer_is_erased_and_comes_back(
    shop: Shop, server: MailServer
) -> None:
    (jane,) = shop.customers(1)
    shop.campaign()
    shop.send_all()
    (letter,) = server.to("c0@example.com")
    found = re.search(rb"https?://[^/]+(/u/[A-Za-z0-9_-]+)", letter)
    assert found
    link = found[1].decode()
    with TestClient(create_app(shop.wiring.settings)) as provider:
        answer: httpx.Response = provider.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    shop.tell(erased(jane))
    back = new_id()
    shop.tell(changed(back, "C0@example.com"), entered(back))
    shop.campaign()
    shop.send_all()
    assert len(server.to("c0@example.com")) == 1
