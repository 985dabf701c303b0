"""What nobody wants is passed over, and costs hardly a transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.clock import utc_now
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfilesMergedV1
from shared.contracts.topics import PROFILES
from shared.inbox.consumer import ConsumerLoop
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox, records_of
from shared.sql.database import Database
from shared.sql.plumbing import inbox_positions

from .conftest import effects
from .consuming import WITHIN_S, consuming

MANY = 200


def note(session: Session, facts: Sequence[Contract]) -> None:
    for each in facts:
        assert isinstance(each, ProfilesMergedV1)
        session.execute(insert(effects).values(text=each.profile_id))


def publish(bus: Bus, outbox: Outbox, names: Sequence[str]) -> None:
    """A record for each, all of one customer and so of one partition."""
    publisher = bus.publisher()
    for name in names:
        told = ProfilesMergedV1(profile_id=name, merged_profile_id="one customer", merged_at=utc_now())
        publisher.publish(records_of(PROFILES, [outbox.event(told)]))
    publisher.close()


class Wanted(threading.Event):
    """Whether anybody wants anything, and how often that was asked: once for each time that records were read."""

    asked = 0

    def __call__(self, _session: Session) -> bool:
        self.asked += 1
        return self.is_set()


def listening(bus: Bus, database: Database, dead_letters: DeadLetters, wanted: Wanted) -> ConsumerLoop:
    subscription = Subscription(
        consumer="toy.listening", topics=(PROFILES,), handle=note, is_wanted=wanted, max_records=1
    )
    return ConsumerLoop(bus=bus, database=database, subscription=subscription, dead_letters=dead_letters)


def reached(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.sum(inbox_positions.c.next_offset))) or 0


def wait_until_at(database: Database, offset: int) -> None:
    give_up = monotonic() + WITHIN_S
    while reached(database) < offset and monotonic() < give_up:
        sleep(0.01)
    assert reached(database) == offset


def test_a_position_follows_seldom_while_nobody_wants_anything_and_at_once_when_somebody_does(
    database: Database, dead_letters: DeadLetters, outbox: Outbox, tmp_path: Path
) -> None:
    bus, wanted = open_bus(str(tmp_path / "bus")), Wanted()
    bus.create_topics([PROFILES])
    publish(bus, outbox, [f"early-{number}" for number in range(MANY)])
    with consuming(listening(bus, database, dead_letters, wanted)):
        wait_until_at(database, MANY)
        assert database.commits < MANY / 4
        assert wanted.asked < MANY / 4, "what no transaction takes in is read by more than the transaction would take"
        wanted.set()
        publish(bus, outbox, ["late"])
        wait_until_at(database, MANY + 1)
    with database.reading() as session:
        assert session.scalars(select(effects.c.text)).all() == ["late"]
    bus.close()
