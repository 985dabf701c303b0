from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from services.messaging.adapters.sql.dispatch_queue import SqlDispatchQueue
from services.messaging.adapters.sql.tables import contacts, memberships, merges
from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.domain.deliveries import MessageStatus, Settlement
from services.messaging.settings import MessagingSettings
from shared.contracts.profile import SegmentLeftV1
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import SEGMENT, WHEN, Shop, changed, entered, merged
from tests.support.databases import sqlite_database


def left(profile_id: str, *, sequence: int) -> SegmentLeftV1:
    return SegmentLeftV1(segment_id=SEGMENT, profile_id=profile_id, sequence=sequence, left_at=WHEN)


def state(shop: Shop) -> dict[str, Any]:
    with shop.wiring.database.reading() as session:
        return {
            table.name: {tuple(row) for row in session.execute(select(*columns))}
            for table, columns in (
                (contacts, (contacts.c.profile_id, contacts.c.version, contacts.c.address)),
                (memberships, tuple(memberships.c)),
                (merges, tuple(merges.c)),
            )
        }


FACTS = [
    changed("a", "a1@example.com", version=1),
    changed("a", "a2@example.com", version=2),
    changed("b", "b@example.com", version=1),
    changed("c", "c@example.com", version=1),
    entered("a", sequence=1),
    left("a", sequence=2),
    entered("b", sequence=1),
    entered("c", sequence=1),
    merged("b", "c"),
    merged("c", "a"),
    entered("a", sequence=3),
    changed("a", "a3@example.com", version=3),
]


@pytest.fixture(scope="module")
def sqlite_shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("copies")
    url = sqlite_database(folder / "m.db", MIGRATIONS)
    shop = Shop(Wiring(MessagingSettings(messaging_database_url=url, data_dir=folder)))
    yield shop
    shop.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_the_order_of_facts_does_not_matter(sqlite_shop: Shop, order: random.Random, batch: int) -> None:
    facts = [*FACTS, *order.sample(FACTS, 4)]
    order.shuffle(facts)
    with sqlite_shop.wiring.database.transaction() as session:
        for table in (contacts, memberships, merges):
            session.execute(delete(table))
    for start in range(0, len(facts), batch):
        sqlite_shop.tell(*facts[start : start + batch])
    assert state(sqlite_shop) == {
        "contacts": {("a", 3, "a3@example.com")},
        "memberships": {(SEGMENT, "a", 3, True)},
        "merges": {("b", "a"), ("c", "a")},
    }


def test_a_merge_before_the_audience_gives_one_message(shop: Shop, server: MailServer) -> None:
    ids = shop.customers(2)
    shop.tell(merged(ids[1], ids[0]))
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1}


def test_a_merge_of_two_queued_messages_skips_one(shop: Shop, server: MailServer) -> None:
    ids = shop.customers(2)
    campaign = shop.campaign()
    shop.move_campaigns()
    shop.tell(merged(ids[0], ids[1]))
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}
    assert shop.outcomes() == {"sent": 1, "skipped": 1}
    assert [address for address, _ in server.accepted] == ["c1@example.com"]


def test_a_merge_with_one_who_was_sent_it_skips_the_other(shop: Shop, server: MailServer) -> None:
    ids = shop.customers(2)
    server.answer("c0@example.com", ["451 later"])
    campaign = shop.campaign()
    shop.move_campaigns()
    shop.sender().dispatch()
    assert shop.counts(campaign) == {"sent": 1, "queued": 1}
    shop.tell(merged(ids[1], ids[0]))
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}


@pytest.mark.parametrize("begun", [0, 1])
def test_a_merge_with_one_who_is_being_written_to_lets_one_go(shop: Shop, begun: int) -> None:
    shop.customers(2)
    campaign = shop.campaign()
    shop.move_campaigns()
    senders = shop.wiring.senders()
    senders.stay_alive()
    queue = SqlDispatchQueue(shop.wiring.database, shop.wiring.outbox, senders)
    claimed = queue.claim(10)
    gone = queue.begin({each.message_id: "" for each in claimed[:begun]}).go
    shop.tell(merged(*(row.profile_id for row in shop.messages())))
    gone |= queue.begin({each.message_id: "" for each in claimed[begun:]}).go
    queue.settle([Settlement(each.message_id, MessageStatus.SENT, 1) for each in claimed])
    assert len(gone) == 1
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}
    assert shop.outcomes() == {"sent": 1, "skipped": 1}


def test_a_message_follows_its_customer_into_a_merge(shop: Shop, server: MailServer) -> None:
    (lost,) = shop.customers(1)
    survivor = "ffffffff-0000-7000-8000-000000000000"
    shop.tell(changed(survivor, "new@example.com"))
    campaign = shop.campaign()
    shop.move_campaigns()
    shop.tell(merged(lost, survivor))
    shop.send_all()
    assert [address for address, _ in server.accepted] == ["new@example.com"]
    assert [row.profile_id for row in shop.messages()] == [survivor]
    assert shop.counts(campaign) == {"sent": 1}
