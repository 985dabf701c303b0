"""A shop that buys and a campaign that is sent while one part after the other is killed, and the account of it."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.contracts.messaging import MessageDispatchedV1
from shared.contracts.topics import MESSAGES
from shared.inbox.deliveries import deliveries_of
from tests.faults.account import Books, EventAccount, expected, table
from tests.faults.shop import CUSTOMERS_A_BATCH, Customer, Load
from tests.support import campaigns
from tests.support.mail_sink import MailSink
from tests.support.suite import Suite
from tests.support.tracking_client import TrackingClient

Strike = Callable[[], None]
"""Kills one part, and starts it again at once."""

SETTINGS = {"RAPPORT_MESSAGING_SENDER_TIMEOUT_S": "3"}
"""A killed sender is missed sooner than in production."""
_PAUSE_S = 1.5
_AUDIENCE = 200


@dataclass(frozen=True, kw_only=True)
class SendAccount:
    """One campaign: `received` are distinct messages at the mail server, `told` distinct outcomes on the bus."""

    audience: int
    sent: int
    unknown: int
    received: int
    told: int
    duplicates: int
    lost: int

    def __str__(self) -> str:
        return table("Sends", asdict(self))


def besiege(suite: Suite, sink: MailSink, strikes: Mapping[str, Strike]) -> None:
    """Strike each part `RAPPORT_FAULT_ROUNDS` times under load; print the account, and raise unless it is even."""
    books = Books(suite)
    audience = _gather(suite, "audience", _AUDIENCE)
    chosen = {"type": "trait", "key": "shop", "operator": "equals", "value": "audience"}
    segment_id = campaigns.segment(suite, chosen, size=len(audience))
    load = Load(suite.url("events"), prefix="load")
    campaign_id = campaigns.launch(suite, segment_id)
    load.start()
    suite.wait_for(lambda: len(sink.received) > _AUDIENCE // 20, "the campaign is under way")
    for strike in [*strikes.values()] * _scale("ROUNDS", 1):
        strike()
        time.sleep(_PAUSE_S)
    customers = load.finish(at_least_calls=_scale("EVENTS", 2_000))
    suite.wait_until_ready()
    events = books.account_of(audience + customers)
    sends = _account_of_sends(suite, sink, campaign_id)
    sys.stdout.write(f"{events}\n  {'requests made':<18}{load.attempts:>14}\n{sends}\n")
    _check(events, sends, expected(audience + customers))


def _check(events: EventAccount, sends: SendAccount, even: EventAccount) -> None:
    assert events == even
    assert (sends.lost, sends.duplicates) == (0, 0)
    assert sends.sent + sends.unknown == sends.told == sends.audience
    assert sends.sent <= sends.received <= sends.sent + sends.unknown


def _gather(suite: Suite, prefix: str, count: int) -> list[Customer]:
    customers = [Customer(number, prefix) for number in range(count)]
    with TrackingClient(suite.url("events")) as client:
        for first in range(0, count, CUSTOMERS_A_BATCH):
            client.send([call for each in customers[first : first + CUSTOMERS_A_BATCH] for call in each.calls()])
    return customers


def _account_of_sends(suite: Suite, sink: MailSink, campaign_id: str) -> SendAccount:
    campaign = campaigns.completed(suite, campaign_id)
    outcome = {message["id"]: message["status"] for message in campaigns.messages(suite, campaign_id)}
    suite.wait_for(lambda: len(_told(suite)) >= len(outcome), "every outcome on the bus")
    arrived = Counter(str(message["To"]) for message in sink.received)
    counts = Counter(outcome.values())
    return SendAccount(
        audience=campaign["audience_size"],
        sent=counts["sent"],
        unknown=counts["unknown"],
        received=len(arrived),
        told=len(_told(suite)),
        duplicates=sum(count - 1 for count in arrived.values()),
        lost=max(0, campaign["audience_size"] - len(arrived) - counts["unknown"]),
    )


def _told(suite: Suite) -> set[tuple[str, str]]:
    """Each outcome that messaging has told on the bus, once."""
    bus = open_bus(suite.bus_url)
    try:
        return {(fact.message_id, fact.outcome) for fact in _facts(bus) if isinstance(fact, MessageDispatchedV1)}
    finally:
        bus.close()


def _facts(bus: Bus) -> list[Any]:
    """Every fact on `messages`, read in a group of its own."""
    ends = bus.end_positions([MESSAGES.name])
    consumer = bus.consumer(f"test-{time.monotonic_ns()}", [MESSAGES.name], start_at=lambda _: {})
    reached: dict[tuple[str, int], int] = {}
    facts = []
    try:
        while any(reached.get(place, 0) < end for place, end in ends.items() if end):
            for record in consumer.poll(timeout_s=1.0):
                reached[(record.topic, record.partition)] = record.offset + 1
                facts += [delivery.fact for delivery in deliveries_of([record])[0]]
    finally:
        consumer.close()
    return facts


def _scale(name: str, default: int) -> int:
    """A size of the siege, which `RAPPORT_FAULT_<name>` raises for long runs."""
    return int(os.environ.get(f"RAPPORT_FAULT_{name}", default))
