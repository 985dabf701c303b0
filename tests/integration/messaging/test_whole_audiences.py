"""An audience is taken when all of the segment is known, and not before."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, select, text, update

from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.tables import audience_parts, campaigns, contacts, memberships, messages
from services.messaging.api.app import create_app
from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.domain.campaigns import Campaign
from services.messaging.settings import MessagingSettings
from shared.contracts.messaging import AudienceWantedV1
from shared.contracts.profile import SegmentMissingV1
from shared.contracts.topics import PROFILES
from shared.ids import new_id
from shared.sql.migrations import upgrade
from shared.sql.types import UtcDateTime
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import SEGMENT, WHEN, Shop, changed, entered
from tests.support.audiences import all_told
from tests.support.databases import sqlite_database


def asked(shop: Shop) -> list[AudienceWantedV1]:
    return [fact for fact in shop.facts() if isinstance(fact, AudienceWantedV1)]


def found(shop: Shop, campaign_id: str) -> Campaign:
    with shop.wiring.database.reading() as session:
        return SqlCampaigns(session).get(campaign_id)


def missing(question: AudienceWantedV1) -> SegmentMissingV1:
    return SegmentMissingV1(audience_id=question.audience_id, segment_id=question.segment_id)


def test_a_campaign_waits_for_every_partition_and_reaches_all(shop: Shop, server: MailServer) -> None:
    shop.customers(2)
    campaign = shop.campaign()
    shop.move_unanswered()
    (question,) = asked(shop)
    assert (question.segment_id, question.members) == (SEGMENT, True)
    *answers, last = all_told(question.audience_id, SEGMENT)
    shop.tell(*answers)
    shop.move_unanswered()
    assert (shop.status(campaign), found(shop, campaign).waiting_for) == ("preparing", "members")
    assert (shop.messages(), shop.wiring.waiting_campaigns()) == ([], 1)
    late = new_id()
    shop.tell(changed(late, "late@example.com"), entered(late), last)
    shop.send_all()
    assert (shop.counts(campaign), shop.status(campaign)) == ({"sent": 3}, "completed")
    assert found(shop, campaign).waiting_for is None
    assert shop.wiring.waiting_campaigns() == 0
    assert len(asked(shop)) == 1
    with shop.wiring.database.reading() as session:
        assert session.execute(select(audience_parts)).all() == []


@pytest.mark.parametrize("told_after", [False, True])
def test_answers_that_no_campaign_waits_for_leave_nothing(shop: Shop, told_after: bool) -> None:
    ended, held = shop.campaign(), shop.campaign()
    shop.move_unanswered()
    answers = [part for each in asked(shop) for part in all_told(each.audience_id, SEGMENT)[:-1]]
    if not told_after:
        shop.tell(*answers)
    shop.change(ended, lambda campaign: campaign.cancel(WHEN))
    shop.change(held, Campaign.pause)
    shop.change(held, Campaign.resume)
    if told_after:
        shop.tell(*answers)
    shop.move_unanswered()
    with shop.wiring.database.reading() as session:
        assert session.execute(select(audience_parts)).all() == []
    shop.move_campaigns()
    assert shop.status(held) in ("sending", "completed")


def test_one_that_waits_holds_up_no_other(shop: Shop, server: MailServer) -> None:
    shop.customers(1)
    first, second = shop.campaign(), shop.campaign()
    shop.move_unanswered()
    (question,) = [each for each in asked(shop) if each.audience_id == found(shop, second).audience_id]
    shop.tell(*all_told(question.audience_id, SEGMENT))
    shop.move_unanswered()
    assert (shop.status(first), shop.status(second)) == ("preparing", "sending")


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=st.randoms(use_true_random=False), batch=st.integers(1, 20))
def test_whatever_partition_is_ahead_nobody_is_missed(sqlite_shop: Shop, order: random.Random, batch: int) -> None:
    shop = sqlite_shop
    with shop.wiring.database.transaction() as session:
        for table in (messages, campaigns, memberships, contacts):
            session.execute(delete(table))
    campaign = shop.campaign()
    shop.move_unanswered()
    lanes: list[list[Any]] = [[] for _ in range(PROFILES.partitions)]
    people = {f"customer-{n}" for n in range(20)}
    for who in sorted(people):
        lane = lanes[PROFILES.partition_of(who)]
        lane.extend((changed(who, f"{who}@example.com"), entered(who)))
    audience_id = found(shop, campaign).audience_id
    assert audience_id
    for lane, answer in zip(lanes, all_told(audience_id, SEGMENT), strict=True):
        lane.append(answer)
    while lanes := [lane for lane in lanes if lane]:
        lane = order.choice(lanes)
        shop.tell(*lane[:batch])
        del lane[:batch]
        shop.move_unanswered()
    assert {row.profile_id for row in shop.messages()} == people


@pytest.fixture(scope="module")
def sqlite_shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("audiences")
    url = sqlite_database(folder / "m.db", MIGRATIONS)
    shop = Shop(Wiring(MessagingSettings(messaging_database_url=url, data_dir=folder)))
    yield shop
    shop.close()


def test_a_campaign_to_no_segment_fails_and_says_why(shop: Shop, settings: MessagingSettings) -> None:
    campaign = shop.campaign()
    shop.move_unanswered()
    (question,) = asked(shop)
    shop.tell(missing(question), missing(question))
    shop.move_unanswered()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as http:
        shown = http.get(f"/v1/campaigns/{campaign}").json()
        assert (shown["status"], shown["reason"], shown["waiting_for"]) == ("failed", "no-segment", None)
        assert shown["completed_at"] is not None
        for step in ("launch", "pause", "resume", "cancel"):
            answer = http.post(f"/v1/campaigns/{campaign}/{step}")
            assert (answer.status_code, answer.json()["code"]) == (409, "wrong_status"), step
    assert shop.messages() == []


def test_whether_there_is_the_segment_is_asked_at_the_launch_already(shop: Shop) -> None:
    campaign = shop.campaign(launch=False)
    with shop.wiring.database.transaction() as session:
        session.execute(update(campaigns).values(send_at=shop.wiring.clock() + timedelta(days=1)))
    shop.change(campaign, lambda planned: planned.launch(WHEN))
    shop.move_unanswered()
    (question,) = asked(shop)
    assert (shop.status(campaign), question.members) == ("scheduled", False)
    shop.change(campaign, lambda scheduled: scheduled.pause())
    shop.tell(missing(question))
    assert (shop.status(campaign), found(shop, campaign).failure) == ("failed", "no-segment")


def test_a_scheduled_campaign_asks_anew_when_it_is_due(shop: Shop, server: MailServer) -> None:
    shop.customers(1)
    campaign = shop.campaign(launch=False)
    with shop.wiring.database.transaction() as session:
        session.execute(update(campaigns).values(send_at=shop.wiring.clock() + timedelta(days=1)))
    shop.change(campaign, lambda planned: planned.launch(WHEN))
    shop.move_unanswered()
    with shop.wiring.database.transaction() as session:
        session.execute(update(campaigns).values(send_at=WHEN))
    shop.move_unanswered()
    first, second = asked(shop)
    assert (first.members, second.members, first.audience_id != second.audience_id) == (False, True, True)
    shop.tell(missing(first))
    assert shop.status(campaign) == "preparing", "an answer to what was asked before counts no more"
    shop.send_all()
    assert (shop.counts(campaign), shop.status(campaign)) == ({"sent": 1}, "completed")


def test_one_that_was_paused_while_it_waited_asks_anew(shop: Shop) -> None:
    shop.customers(1)
    campaign = shop.campaign()
    shop.move_unanswered()
    shop.change(campaign, lambda waiting: waiting.pause())
    shop.tell(*all_told(asked(shop)[0].audience_id, SEGMENT))
    shop.change(campaign, lambda paused: paused.resume())
    shop.move_unanswered()
    assert (shop.status(campaign), len(asked(shop))) == ("preparing", 2)
    shop.tell(*all_told(asked(shop)[1].audience_id, SEGMENT))
    shop.move_unanswered()
    assert shop.counts(campaign) == {"queued": 1}


def test_a_segment_that_is_missed_later_does_not_end_what_was_begun(shop: Shop) -> None:
    shop.customers(1)
    campaign = shop.campaign()
    shop.move_campaigns()
    shop.tell(missing(asked(shop)[0]))
    assert shop.status(campaign) == "sending"


@pytest.mark.parametrize("migrations", [None])
def test_a_campaign_half_taken_before_the_upgrade_goes_on_where_it_was(settings: MessagingSettings) -> None:
    wiring = Wiring(settings)
    upgrade(wiring.database, MIGRATIONS, revision="7be2417ac0d3")
    with wiring.database.transaction() as session:
        session.execute(_TEMPLATE, {"at": WHEN})
        session.execute(
            _CAMPAIGN, [{"id": "half", "cursor": "0", "at": WHEN}, {"id": "fresh", "cursor": "", "at": WHEN}]
        )
    upgrade(wiring.database, MIGRATIONS)
    with wiring.database.reading() as session:
        rows = session.execute(select(campaigns.c.id, campaigns.c.audience_whole_at))
        assert {row.id: row.audience_whole_at is not None for row in rows} == {"half": True, "fresh": False}
    shop = Shop(wiring)
    shop.move_unanswered()
    assert (shop.status("half"), shop.status("fresh")) == ("completed", "preparing")
    assert len(asked(shop)) == 1
    shop.close()


_AT = bindparam("at", type_=UtcDateTime)
_TEMPLATE = text(
    "INSERT INTO templates (id, name, version, created_at, updated_at) VALUES ('t', 't', 1, :at, :at)"
).bindparams(_AT)
_CAMPAIGN = text(
    "INSERT INTO campaigns (id, name, kind, topic, segment_id, template_id, template_version, sender_address, status, "
    "created_at, launched_at, audience_cursor, audience_size) VALUES (:id, 'c', 'marketing', 'news', 's', 't', 1, "
    "'a@example.com', 'preparing', :at, :at, :cursor, 0)"
).bindparams(_AT)
