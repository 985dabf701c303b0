"""A shop with customers, a segment and a template, and hands that work messaging's loops one step at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select, update

from services.messaging.adapters.smtp.transport import SmtpTransport
from services.messaging.adapters.sql import message_reading
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.senders import Senders
from services.messaging.adapters.sql.tables import messages
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.bootstrap import Wiring
from services.messaging.domain.campaigns import Campaign, Kind, Sender
from services.messaging.domain.templates import Variant
from services.messaging.use_cases.change_campaigns import Plan, change_campaign, plan_campaign
from services.messaging.use_cases.dispatch_messages import DispatchMessages
from shared.bus.cloudevents import from_record
from shared.bus.ports import Record
from shared.contracts.contract import Contract, contract_for
from shared.contracts.messaging import MessageDispatchedV1
from shared.contracts.profile import (
    Identifier,
    ProfileChangedV1,
    ProfilesMergedV1,
    Purchases,
    SegmentEnteredV1,
)
from shared.ids import new_id
from shared.sql.plumbing import outbox
from tests.support.audiences import answer_campaigns

WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
SEGMENT = "0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"
TEXT = "{{ salutation }},\n.dots stay\nUnsubscribe: {{ unsubscribe_url }}\n"
PAGE = "<p>{{ salutation }}</p><p>{{ last_purchase.date | default('-') }}</p>"


def changed(profile_id: str, address: str | None, *, version: int = 1, **traits: Any) -> ProfileChangedV1:
    identifiers = (Identifier(kind="email", value=address),) if address else ()
    return ProfileChangedV1(
        profile_id=profile_id,
        version=version,
        changed_at=WHEN,
        identifiers=identifiers,
        traits=traits,
        purchases=Purchases(orders=1, last_order_at=WHEN, last_order_amount_minor=1250, last_order_currency="GBP"),
    )


def entered(profile_id: str, *, sequence: int = 1) -> SegmentEnteredV1:
    return SegmentEnteredV1(segment_id=SEGMENT, profile_id=profile_id, sequence=sequence, entered_at=WHEN)


def merged(lost: str, survivor: str) -> ProfilesMergedV1:
    return ProfilesMergedV1(profile_id=survivor, merged_profile_id=lost, merged_at=WHEN)


class Shop:
    """Messaging with its loops worked by hand."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._open: list[tuple[Senders, SmtpTransport]] = []

    def tell(self, *facts: Contract) -> None:
        with self.wiring.database.transaction() as session:
            self.wiring.handle_profiles(session, facts)

    def customers(self, number: int) -> list[str]:
        """Customers c0@…, c1@… who are in the segment; their profile ids."""
        ids = sorted(new_id() for _ in range(number))
        facts: list[Contract] = []
        for index, profile_id in enumerate(ids):
            facts += [changed(profile_id, f"c{index}@example.com", firstName=f"Name{index}"), entered(profile_id)]
        self.tell(*facts)
        return ids

    def campaign(
        self, *, kind: Kind = "marketing", launch: bool = True, text: str = TEXT, html: str | None = PAGE
    ) -> str:
        with self.wiring.database.transaction() as session:
            templates, campaigns = SqlTemplates(session), SqlCampaigns(session)
            variants = {"en": Variant("Hello {{ full_name }}", html, text)}
            template = self.wiring.save_template.create(
                templates,
                name="t",
                default_language="en",
                variants=variants,  # type: ignore[arg-type]
            )
            plan = Plan(
                name="c",
                segment_id=SEGMENT,
                template_id=template.template_id,
                sender=Sender("shop@example.com", "The Shop"),
                kind=kind,
                topic="news",
            )
            campaign = plan_campaign(plan, templates=templates, campaigns=campaigns, clock=self.wiring.clock)
            if launch:
                change_campaign(campaigns, campaign.campaign_id, lambda found: found.launch(WHEN))
        return campaign.campaign_id

    def change(self, campaign_id: str, change: Any) -> Campaign:
        with self.wiring.database.transaction() as session:
            return change_campaign(SqlCampaigns(session), campaign_id, change)

    def move_campaigns(self) -> None:
        """Do what there is to do, with every member of each segment told."""
        self.move_unanswered()
        answer_campaigns(self.wiring)
        self.move_unanswered()

    def move_unanswered(self) -> None:
        """Do what there is to do while profile says nothing."""
        while self.wiring.move_campaigns():
            pass

    def sender(self) -> DispatchMessages:
        """A sender that counts as alive."""
        senders, transport = self.wiring.senders(), self.wiring.transport()
        senders.stay_alive()
        self._open.append((senders, transport))
        return self.wiring.dispatch(senders, transport)

    def make_due(self) -> None:
        """Let the time of every retry have come."""
        with self.wiring.database.transaction() as session:
            session.execute(update(messages).values(due_at=WHEN))

    def bury(self) -> None:
        """Let the sender made last count as dead."""
        self._open[-1][0].leave()

    def send_all(self, *, rounds: int = 20) -> None:
        """Take audiences and send until nothing is due."""
        self.move_campaigns()
        sender = self.sender()
        for _ in range(rounds):
            if not sender.dispatch().claimed:
                break
        self.move_campaigns()

    def close(self) -> None:
        for _, transport in self._open:
            transport.close()
        self.wiring.database.dispose()

    def counts(self, campaign_id: str) -> dict[str, int]:
        with self.wiring.database.reading() as session:
            return dict(message_reading.counts_of(session, [campaign_id])[campaign_id])

    def status(self, campaign_id: str) -> str:
        with self.wiring.database.reading() as session:
            return SqlCampaigns(session).get(campaign_id).status

    def messages(self) -> Sequence[Any]:
        with self.wiring.database.reading() as session:
            return session.execute(select(messages).order_by(messages.c.profile_id)).all()

    def facts(self) -> list[Contract]:
        """What waits in the outbox, in order."""
        with self.wiring.database.reading() as session:
            rows = session.execute(select(outbox).order_by(outbox.c.sequence)).all()
        return [fact for row in rows for fact in _facts_in(row)]

    def outcomes(self) -> Counter[str]:
        """Final outcomes told; fails when a message's outcome was told twice."""
        told = [fact for fact in self.facts() if isinstance(fact, MessageDispatchedV1)]
        assert len({fact.message_id for fact in told}) == len(told), "an outcome was told twice"
        return Counter(fact.outcome for fact in told)


def _facts_in(row: Any) -> Iterable[Contract]:
    headers = tuple((name, value.encode("latin-1")) for name, value in row.headers)
    record = Record(row.topic, row.partition, 0, bytes(row.value), row.key, headers, WHEN)
    for event in from_record(record):
        kind = contract_for(event.type)
        assert kind is not None
        yield msgspec.json.decode(event.data, type=kind)
