"""Two workers follow profiles, or take an audience, at once: on PostgreSQL both write at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select

from services.messaging.adapters.sql.tables import contacts, memberships, merges
from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.settings import MessagingSettings
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1
from shared.ids import new_id
from shared.sql.migrations import upgrade
from tests.integration.messaging.scenes import SEGMENT, WHEN, Shop, answer_campaigns, changed, entered, merged
from tests.support.search import places_of
from tests.support.waiting_transactions import meet

pytestmark = pytest.mark.services


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    wiring = Wiring(MessagingSettings(messaging_database_url=postgres_url, bus_url=str(tmp_path), data_dir=tmp_path))
    upgrade(wiring.database, MIGRATIONS)
    shop = Shop(wiring)
    yield shop
    shop.close()


def tell_at_once(shop: Shop, *batches: list[Contract]) -> None:
    meet(shop.wiring.database, *(partial(shop.wiring.handle_profiles, facts=facts) for facts in batches))


@pytest.mark.parametrize("told", list(permutations([merged("a", "b"), merged("b", "c")])))
def test_of_two_merges_in_a_row_both_lead_to_the_last(shop: Shop, told: tuple[Contract, Contract]) -> None:
    tell_at_once(shop, *([fact] for fact in told))
    with shop.wiring.database.reading() as session:
        assert {tuple(row) for row in session.execute(select(merges))} == {("a", "c"), ("b", "c")}


@pytest.mark.parametrize("merge_first", [True, False])
def test_nothing_comes_back_of_a_profile_that_is_being_merged(shop: Shop, merge_first: bool) -> None:
    late: list[Contract] = [changed("a", "a@example.com"), entered("a")]
    told: list[list[Contract]] = [[merged("a", "b")], late]
    tell_at_once(shop, *(told if merge_first else reversed(told)))
    with shop.wiring.database.reading() as session:
        assert "a" not in set(session.scalars(select(contacts.c.profile_id)))
        assert (
            set(session.scalars(select(memberships.c.profile_id).where(memberships.c.segment_id == SEGMENT))) == set()
        )


def test_a_merge_while_the_audience_is_taken_gives_one_message(shop: Shop) -> None:
    one, other = shop.customers(2)
    campaign = shop.campaign()
    shop.move_unanswered()
    answer_campaigns(shop.wiring)
    meet(
        shop.wiring.database,
        partial(shop.wiring.handle_profiles, facts=[merged(one, other)]),
        lambda _: shop.move_unanswered(),
    )
    assert sum(shop.counts(campaign).values()) == 1


def test_an_erasure_while_the_audience_is_taken_leaves_no_message_to_the_erased(shop: Shop) -> None:
    (jane,) = shop.customers(1)
    shop.campaign()
    shop.move_unanswered()
    answer_campaigns(shop.wiring)
    erasure = ProfileErasedV1(erasure_id=new_id(), profile_id=jane, erased_at=WHEN)
    meet(
        shop.wiring.database,
        partial(shop.wiring.handle_profiles, facts=[erasure]),
        lambda _: shop.move_unanswered(),
    )
    assert places_of([jane, "c0@example.com"], shop.wiring.database) == set()
