from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.bus.cloudevents import Event, to_record
from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.contracts.contract import Contract
from shared.contracts.messaging import AudienceWantedV1
from shared.contracts.topics import AUDIENCES, PROFILES
from shared.ids import new_id
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import SEGMENT, WHEN, changed, entered
from tests.support.audiences import all_told
from tests.support.suite import Suite

CUSTOMERS = 300
KILLS = 3
WINDOW = 20


class SlowMailServer(MailServer):
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def slow_server() -> Iterator[SlowMailServer]:
    with SlowMailServer() as server:
        yield server


@pytest.mark.faults
def test_a_worker_killed_again_and_again_accounts_for_every_message(
    tmp_path: Path, slow_server: SlowMailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {
        "RAPPORT_SMTP_URL": slow_server.url,
        "RAPPORT_MESSAGING_WINDOW": str(WINDOW),
        "RAPPORT_MESSAGING_SENDER_TIMEOUT_S": "3",
    }
    with Suite(tmp_path, settings, services=("messaging",)) as suite:
        http = suite.client("messaging")
        bus = open_bus(suite.bus_url)
        _publish_customers(bus)
        suite.wait_for(lambda: http.get("/v1/summary").json()["segments"] == {SEGMENT: CUSTOMERS}, "all are members")
        campaign = _launch(http)
        _answer(bus)
        for _ in range(KILLS):
            before = len(slow_server.accepted)
            suite.wait_for(lambda seen=before: len(slow_server.accepted) > seen + WINDOW, "messages go out")
            suite.restart("messaging-worker")
        suite.wait_for(lambda: http.get(f"/v1/campaigns/{campaign}").json()["status"] == "completed", "it is over")
        counts = http.get(f"/v1/campaigns/{campaign}").json()["messages"]
        bus.close()
    accepted = Counter(address for address, _ in slow_server.accepted)
    twice = len(slow_server.accepted) - len(accepted)
    with capsys.disabled():
        sys.stdout.write(f"\n{KILLS} kills: {counts}; accepted {len(accepted)}, of them twice {twice}\n")
    assert counts["sent"] + counts["unknown"] == CUSTOMERS, "nothing is lost"
    assert set(accepted.values()) == {1}, "nothing is sent twice"
    assert counts["unknown"] <= KILLS * WINDOW
    assert counts["sent"] <= len(accepted) <= counts["sent"] + counts["unknown"]
    ids = [re.search(rb"Message-ID: <([^@]+)@", content) for _, content in slow_server.accepted]
    assert len({found[1] for found in ids if found}) == len(accepted)


def _publish_customers(bus: Bus) -> None:
    facts: list[Contract] = []
    for index in range(CUSTOMERS):
        who = new_id()
        facts += [changed(who, f"c{index}@example.com", firstName="Jane"), entered(who)]
    _publish(bus, facts)


def _answer(bus: Bus) -> None:
    """Say, as profile does, that all of the segment is told."""
    consumer = bus.consumer("test", [AUDIENCES.name], start_at=lambda _: {})
    while not (records := consumer.poll()):
        pass
    consumer.close()
    question = msgspec.json.decode(records[0].value, type=AudienceWantedV1)
    _publish(bus, all_told(question.audience_id, question.segment_id))


def _publish(bus: Bus, facts: Sequence[Contract]) -> None:
    publisher = bus.publisher()
    for fact in facts:
        event = Event(
            id=new_id(),
            source="test",
            type=fact.event_type,
            time=WHEN,
            data=msgspec.json.encode(fact),
            subject=fact.bus_key,
        )
        publisher.publish([to_record([event], topic=PROFILES, key=fact.bus_key, record_id=new_id())])
    publisher.close()


def _launch(http: httpx.Client) -> str:
    template = http.post(
        "/v1/templates", json={"name": "t", "variants": {"en": {"subject": "Hi", "text": "hello"}}}
    ).json()
    draft = {"name": "c", "segment_id": SEGMENT, "template_id": template["id"], "sender": {"address": "a@example.com"}}
    campaign: str = http.post("/v1/campaigns", json=draft).json()["id"]
    assert http.post(f"/v1/campaigns/{campaign}/launch").status_code == 200
    return campaign
