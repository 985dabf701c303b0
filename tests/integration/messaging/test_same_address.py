"""Profiles that have one address: the mailbox gets one marketing letter of a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Thread

import pytest
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.suppressions import SqlSuppressions
from services.messaging.bootstrap import Wiring
from services.messaging.use_cases.run_campaigns import PAGE
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1
from shared.ids import new_id
from shared.outbox.outbox import Outbox
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import WHEN, Shop, changed, entered, merged
from tests.support.audiences import answer_campaigns


def share(shop: Shop, *addresses: str) -> list[str]:
    """A customer in the segment for each address, the oldest first; their profile ids."""
    ids = sorted(new_id() for _ in addresses)
    for profile_id, address in zip(ids, addresses, strict=True):
        shop.tell(changed(profile_id, address), entered(profile_id))
    return ids


def outcomes(shop: Shop) -> list[tuple[str, str | None, bool]]:
    """Status, reason and whether there is a key, by profile id."""
    return [(row.status, row.reason, row.dedup_key is not None) for row in shop.messages()]


SENT, DOUBLE = ("sent", None, True), ("skipped", "same-address", False)


def test_the_oldest_of_a_page_gets_the_letter_and_the_others_are_told_as_skipped(
    shop: Shop, server: MailServer
) -> None:
    share(shop, "jane@example.com", "Jane@Example.COM", "john@example.com", "jane@example.com")
    campaign = shop.campaign()
    shop.send_all()
    assert outcomes(shop) == [SENT, DOUBLE, SENT, DOUBLE]
    assert len(server.accepted) == 2
    assert shop.outcomes() == {"sent": 2, "skipped": 2}
    assert shop.status(campaign) == "completed"
    assert shop.change(campaign, lambda found: found.launch(WHEN)).audience_size == 4


def test_a_page_that_is_taken_again_after_a_crash_finds_what_earlier_pages_took(shop: Shop) -> None:
    shop.customers(PAGE)
    share(shop, "c0@example.com", "late@example.com", "c7@example.com")
    campaign = shop.campaign()
    shop.move_unanswered()
    answer_campaigns(shop.wiring)
    shop.wiring.move_campaigns()
    assert shop.counts(campaign) == {"queued": PAGE}
    dying = Wiring(shop.wiring.settings)
    dying.outbox = _Dying("dying", dying.clock)
    with pytest.raises(_Died):
        dying.move_campaigns()
    dying.database.dispose()
    shop.move_campaigns()
    assert shop.counts(campaign) == {"queued": PAGE + 1, "skipped": 2}
    assert shop.outcomes() == {"skipped": 2}


def test_workers_side_by_side_plan_one_letter_an_address(shop: Shop) -> None:
    share(shop, *(f"c{number % 10}@example.com" for number in range(40)))
    for _ in range(3):
        shop.campaign()
    shop.move_unanswered()
    answer_campaigns(shop.wiring)
    threads = [Thread(target=shop.move_unanswered) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.move_unanswered()
    planned = Counter(row.campaign_id for row in shop.messages() if row.status == "queued")
    assert list(planned.values()) == [10, 10, 10]
    assert shop.outcomes() == {"skipped": 90}


def test_every_campaign_has_a_letter_to_the_address(shop: Shop, server: MailServer) -> None:
    share(shop, "jane@example.com", "jane@example.com")
    for _ in range(2):
        shop.campaign()
        shop.send_all()
    assert len(server.to("jane@example.com")) == 2


def test_transactional_mail_goes_to_every_profile(shop: Shop, server: MailServer) -> None:
    share(shop, "jane@example.com", "jane@example.com")
    shop.campaign(kind="transactional")
    shop.send_all()
    assert outcomes(shop) == [("sent", None, False)] * 2
    assert len(server.to("jane@example.com")) == 2


def test_who_is_skipped_for_another_reason_does_not_take_the_letter(shop: Shop) -> None:
    share(shop, "jane@example.com", "jane@example.com")
    with shop.wiring.database.transaction() as session:
        digest = shop.wiring.unsubscribing.address_hash("jane@example.com")
        SqlSuppressions(session, shop.wiring.outbox).add(digest, message_id=None, at=WHEN)
    shop.campaign()
    shop.send_all()
    assert outcomes(shop) == [("skipped", "suppressed", False)] * 2


@pytest.mark.parametrize("oldest_survives", [True, False])
def test_a_merge_of_the_two_leaves_the_letter_that_was_planned(
    shop: Shop, server: MailServer, oldest_survives: bool
) -> None:
    first, second = share(shop, "jane@example.com", "jane@example.com")
    campaign = shop.campaign()
    shop.move_campaigns()
    lost, survivor = (second, first) if oldest_survives else (first, second)
    shop.tell(merged(lost, survivor))
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}
    assert [row.status for row in shop.messages() if row.profile_id == survivor] == ["sent"]
    assert len(server.to("jane@example.com")) == 1
    assert shop.outcomes() == {"sent": 1, "skipped": 1}


@pytest.mark.parametrize("sent", [True, False])
def test_erasing_a_customer_takes_the_key_away(shop: Shop, sent: bool) -> None:
    first, _ = share(shop, "jane@example.com", "jane@example.com")
    shop.campaign()
    shop.send_all() if sent else shop.move_campaigns()
    shop.tell(ProfileErasedV1(erasure_id=new_id(), profile_id=first, merged_profile_ids=(), erased_at=WHEN))
    assert [row.dedup_key for row in shop.messages()] == [None, None]


class _Died(Exception):
    pass


class _Dying(Outbox):
    """Where a process dies that has stored a page's messages, before they are committed."""

    def add(self, session: Session, facts: Iterable[Contract]) -> None:
        if list(facts):
            raise _Died
