from __future__ import annotations

import email
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from email import policy
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from sqlalchemy import select

from services.messaging.adapters.smtp.transport import SmtpTransport
from services.messaging.adapters.sql.dispatch_queue import SqlDispatchQueue
from services.messaging.adapters.sql.senders import Senders
from services.messaging.domain.campaigns import Campaign
from services.messaging.domain.deliveries import Delivery
from services.messaging.domain.letters import Letter
from shared.sql.plumbing import leases
from tests.integration.messaging.mail_server import DROP, DROP_EARLY, MailServer
from tests.integration.messaging.scenes import WHEN, Shop, changed, entered


def test_each_customer_gets_one_message_with_its_own_words(shop: Shop, server: MailServer) -> None:
    shop.customers(12)
    campaign = shop.campaign()
    shop.send_all()
    assert shop.status(campaign) == "completed"
    assert shop.counts(campaign) == {"sent": 12}
    assert shop.outcomes() == {"sent": 12}
    assert Counter(address for address, _ in server.accepted) == {f"c{index}@example.com": 1 for index in range(12)}
    message = email.message_from_bytes(server.to("c3@example.com")[0], policy=policy.default)
    assert message["Subject"] == "Hello Name3"
    body = message.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert lines[:2] == ["Dear Name3,", ".dots stay"]
    assert lines[2].startswith("Unsubscribe: http://127.0.0.1:8102/u/")
    assert server.connections <= 3


def test_who_takes_the_address_back_before_the_turn_comes_gets_nothing(shop: Shop, server: MailServer) -> None:
    jane, john = shop.customers(2)
    campaign = shop.campaign(kind="transactional")
    shop.move_campaigns()
    shop.tell(msgspec.structs.replace(changed(jane, "c0@example.com", version=2), email_withdrawn=True))
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 1, "skipped": 1}
    assert {row.profile_id: row.reason for row in shop.messages()} == {jane: "no-address", john: None}
    assert [address for address, _ in server.accepted] == ["c1@example.com"]


def test_one_header_of_each_kind_and_a_one_click_way_out(shop: Shop, server: MailServer) -> None:
    shop.customers(1)
    shop.campaign(text="no link here")
    shop.send_all()
    ((_, content),) = server.accepted
    head = content.partition(b"\r\n\r\n")[0]
    names = Counter(line.split(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith(b" "))
    for name in (b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"):
        assert names[name] == 1, name
    (link,) = [line for line in head.split(b"\r\n") if line.startswith(b"List-Unsubscribe: ")]
    assert link.startswith(b"List-Unsubscribe: <http://127.0.0.1:8102/u/")
    assert link.endswith(b">")
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    url = link.decode().removeprefix("List-Unsubscribe: <").removesuffix(">")
    message = email.message_from_bytes(content, policy=policy.default)
    parts = [part.get_content() for part in message.iter_parts()]
    assert len(parts) == 2
    assert all(url in part for part in parts), "each part shows the way out, though the template has none"
    (row,) = shop.messages()
    assert message["Message-ID"] == f"<{row.id}@example.com>"


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_answer_has_its_outcome(shop: Shop, server: MailServer, pipelining: bool) -> None:
    server.pipelining = pipelining
    shop.customers(12)
    server.answer("c1@example.com", ["451 busy"])
    server.answer("c2@example.com", ["550 no such user"])
    server.answer("c3@example.com", ["RCPT 550 nobody"])
    server.answer("c4@example.com", ["RCPT 450 greylisted", "451 busy"])
    server.answer("c5@example.com", ["451 busy"] * 3)
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 9, "failed": 3}
    assert shop.outcomes() == {"sent": 9, "failed": 3}
    rows = {row.profile_id: row for row in shop.messages()}
    by_name = [rows[profile_id] for profile_id in sorted(rows)]
    assert (by_name[1].status, by_name[1].attempts) == ("sent", 2)
    assert (by_name[2].status, by_name[2].attempts, by_name[2].reason) == ("failed", 1, "550 no such user")
    assert (by_name[3].status, by_name[3].reason) == ("failed", "550 nobody")
    assert (by_name[4].status, by_name[4].attempts) == ("sent", 3)
    assert (by_name[5].status, by_name[5].attempts, by_name[5].reason) == ("failed", 3, "451 busy")
    assert max(Counter(address for address, _ in server.accepted).values()) == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_hangs_up_before_accepting_is_tried_again(
    shop: Shop, server: MailServer, pipelining: bool
) -> None:
    server.pipelining = pipelining
    shop.customers(6)
    server.answer("c2@example.com", [DROP_EARLY])
    server.answer("c4@example.com", ["421 closing"])
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 6}
    assert max(Counter(address for address, _ in server.accepted).values()) == 1


def test_a_lost_reply_is_never_sent_again_for_marketing(shop: Shop, server: MailServer) -> None:
    shop.customers(6)
    server.answer("c2@example.com", [DROP])
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 5, "unknown": 1}
    assert shop.outcomes() == {"sent": 5, "unknown": 1}
    assert len(server.dropped) == 1


def test_a_lost_reply_is_sent_again_for_transactional_under_the_same_id(shop: Shop, server: MailServer) -> None:
    shop.customers(6)
    server.answer("c2@example.com", [DROP])
    campaign = shop.campaign(kind="transactional")
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 6}
    first, second = server.dropped[0][1], server.to("c2@example.com")[0]
    assert email.message_from_bytes(first)["Message-ID"] == email.message_from_bytes(second)["Message-ID"]
    assert email.message_from_bytes(second)["List-Unsubscribe"] is None


def test_messages_wait_for_a_server_that_is_away(shop: Shop, server: MailServer) -> None:
    shop.customers(6)
    campaign = shop.campaign()
    shop.move_campaigns()
    server.stop()
    sender = shop.sender()
    progress = sender.dispatch()
    assert progress.claimed == 6
    assert progress.trouble is not None
    assert "refused" in progress.trouble.casefold()
    assert shop.counts(campaign) == {"queued": 6}
    assert {row.attempts for row in shop.messages()} == {0}
    server.start()
    shop.make_due()
    assert sender.dispatch().trouble is None
    assert len(server.accepted) == 6
    assert shop.counts(campaign) == {"sent": 6}


def test_a_dead_sender_s_messages_are_taken_over(shop: Shop, server: MailServer) -> None:
    shop.customers(10)
    marketing = shop.campaign()
    shop.move_campaigns()
    dying = shop.sender()
    _break(dying, after=1)
    with pytest.raises(_Died):
        dying.dispatch()
    assert shop.counts(marketing) == {"sent": 4, "sending": 4, "claimed": 2}
    assert shop.sender().take_over() == 0, "it counts as alive"
    shop._open.insert(0, shop._open.pop())
    shop.bury()
    heir = shop.sender()
    assert heir.take_over() == 4
    assert shop.counts(marketing) == {"sent": 4, "unknown": 4, "queued": 2}
    heir.dispatch()
    assert shop.counts(marketing) == {"sent": 6, "unknown": 4}
    assert shop.outcomes() == {"sent": 6, "unknown": 4}


def test_a_dead_sender_that_had_begun_nothing_leaves_nothing_behind(shop: Shop, tmp_path: Path) -> None:
    idle, living = Senders(shop.wiring.database, seconds=-1), shop.wiring.senders()
    idle.stay_alive()
    living.stay_alive()
    SqlDispatchQueue(shop.wiring.database, shop.wiring.outbox, living).take_over(own=False)
    with shop.wiring.database.reading() as session:
        assert session.scalars(select(leases.c.name)).all() == [f"sender:{living.me}"]
    assert not (tmp_path / "alive" / idle.me).exists()


def test_a_sender_that_met_an_error_puts_its_own_affairs_in_order(shop: Shop, server: MailServer) -> None:
    shop.customers(10)
    campaign = shop.campaign(kind="transactional")
    shop.move_campaigns()
    sender = shop.sender()
    healthy = _break(sender, after=1)
    with pytest.raises(_Died):
        sender.dispatch()
    sender._transport = healthy
    sender.dispatch()
    assert shop.counts(campaign) == {"sent": 10}
    assert shop.outcomes() == {"sent": 10}


def test_two_senders_share_the_work_and_send_nothing_twice(shop: Shop, server: MailServer) -> None:
    shop.customers(60)
    campaign = shop.campaign()
    shop.move_campaigns()

    def work() -> None:
        sender = shop.sender()
        while sender.dispatch().claimed:
            pass

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.counts(campaign) == {"sent": 60}
    assert Counter(address for address, _ in server.accepted).most_common(1)[0][1] == 1
    assert shop.outcomes() == {"sent": 60}


def test_those_without_an_address_are_skipped_and_told_with_the_reason(shop: Shop) -> None:
    shop.customers(2)
    shop.tell(changed("x1", None, email=" "), changed("x2", "not an address"), changed("x3", None, email="me@shop"))
    shop.tell(*map(entered, ("x1", "x2", "x3", "x4")))
    campaign = shop.campaign()
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 2, "skipped": 4}
    assert {row.profile_id: row.reason for row in shop.messages() if row.status == "skipped"} == {
        "x1": "no-address",
        "x2": "malformed-address",
        "x3": "malformed-address",
        "x4": "no-address",
    }
    assert shop.outcomes() == {"sent": 2, "skipped": 4}


def test_an_address_that_goes_bad_before_its_turn_is_told_as_such(shop: Shop) -> None:
    first, second = shop.customers(2)
    shop.campaign()
    shop.move_campaigns()
    shop.tell(changed(first, "not an address", version=2), changed(second, None, version=2))
    shop.send_all()
    assert [row.reason for row in shop.messages()] == ["malformed-address", "no-address"]


def test_a_template_that_cannot_be_filled_in_fails_that_message_only(shop: Shop) -> None:
    shop.customers(2)
    shop.tell(changed("x1", "x1@example.com", tags=["a"]), entered("x1"))
    campaign = shop.campaign(text="{{ traits.tags | default('none') }}", html=None)
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 2, "failed": 1}
    assert "en.text, line 1" in next(row.reason for row in shop.messages() if row.status == "failed")


def test_pause_holds_and_resume_goes_on_and_cancel_ends(shop: Shop, server: MailServer) -> None:
    shop.customers(5)
    campaign = shop.campaign()
    shop.move_campaigns()
    shop.change(campaign, Campaign.pause)
    assert shop.sender().dispatch().claimed == 0
    shop.change(campaign, Campaign.resume)
    server.answer("c0@example.com", ["451 busy"])
    shop.sender().dispatch()
    assert shop.counts(campaign) == {"sent": 4, "queued": 1}
    shop.change(campaign, lambda found: found.cancel(WHEN))
    shop.send_all()
    assert shop.counts(campaign) == {"sent": 4, "skipped": 1}
    assert shop.outcomes() == {"sent": 4, "skipped": 1}


class _Died(Exception):
    pass


def _break(sender: object, *, after: int) -> SmtpTransport:
    """Let the sender's process die in its transport after so many windows; the transport it had."""
    healthy: SmtpTransport = sender._transport  # type: ignore[attr-defined]
    left = after

    class Dying:
        def send(self, letters: Sequence[Letter]) -> Mapping[str, Delivery]:
            nonlocal left
            if left == 0:
                raise _Died
            left -= 1
            return healthy.send(letters)

    sender._transport = Dying()  # type: ignore[attr-defined]
    return healthy


def test_campaigns_that_run_at_once_are_claimed_side_by_side_and_transactional_ones_first(shop: Shop) -> None:
    shop.customers(9)
    news, offer = shop.campaign(), shop.campaign()
    shop.move_campaigns()
    claim = claims(shop)
    assert Counter(claim(6)) == {news: 3, offer: 3}
    receipts = shop.campaign(kind="transactional")
    shop.move_campaigns()
    assert claim(6) == [receipts] * 2 + [news] * 2 + [offer] * 2
    assert Counter(claim(100)) == {receipts: 7, news: 4, offer: 4}


def test_what_one_campaign_leaves_of_its_share_is_for_those_that_have_more(shop: Shop) -> None:
    shop.customers(9)
    news, offer = shop.campaign(), shop.campaign()
    shop.move_campaigns()
    shop.change(news, Campaign.pause)
    claim = claims(shop)
    assert claim(8) == [offer] * 8
    shop.change(news, Campaign.resume)
    assert Counter(claim(6)) == {news: 5, offer: 1}


def claims(shop: Shop) -> Callable[[int], list[str]]:
    """Claims so many messages; of which campaigns they are."""
    senders = shop.wiring.senders()
    senders.stay_alive()
    queue = SqlDispatchQueue(shop.wiring.database, shop.wiring.outbox, senders)
    return lambda limit: [claimed.campaign_id for claimed in queue.claim(limit)]
