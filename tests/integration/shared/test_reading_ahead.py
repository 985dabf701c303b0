"""While one batch is committed the next is prepared, and still every fact has its effect once and in order."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from shared.bus.opening import open_bus
from shared.bus.ports import Bus
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfilesMergedV1
from shared.contracts.topics import PROFILES
from shared.inbox.consumer import ConsumerLoop
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.isolation import Effect
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox, records_of
from shared.sql.database import Database

from .conftest import effects
from .consuming import WITHIN_S, consuming


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    opened = open_bus(str(tmp_path / "bus"))
    opened.create_topics([PROFILES])
    yield opened
    opened.close()


def publish(bus: Bus, outbox: Outbox, names: Sequence[str]) -> None:
    """Each fact in a record of its own, all of one customer and so of one partition."""
    publisher = bus.publisher()
    for name in names:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        fact = ProfilesMergedV1(profile_id=name, merged_profile_id="one customer", merged_at=moment)
        publisher.publish(records_of(PROFILES, [outbox.event(fact)]))
    publisher.close()


@dataclass
class Toy:
    """Notes facts; what happens around it is recorded."""

    prepared: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    second_is_prepared: threading.Event = field(default_factory=threading.Event)
    overlapped: bool = False

    def prepare(self, facts: Sequence[Contract]) -> Effect:
        self.prepared += _names(facts)
        if len(set(self.prepared)) > 1:
            self.second_is_prepared.set()
        return partial(self.handle_prepared, facts)

    def handle_prepared(self, facts: Sequence[Contract], session: Session) -> None:
        self.handle(session, facts)

    def handle(self, session: Session, facts: Sequence[Contract]) -> None:
        for name in _names(facts):
            session.execute(insert(effects).values(text=name))
            if name in self.failing:
                self.failing.remove(name)
                session.execute(text("SELECT nothing FROM nowhere"))  # what a database says that is not well
        if not self.overlapped:
            self.overlapped = self.second_is_prepared.wait(WITHIN_S)


def _names(facts: Sequence[Contract]) -> list[str]:
    return [each.profile_id for each in facts if isinstance(each, ProfilesMergedV1)]


def running(bus: Bus, database: Database, dead_letters: DeadLetters, toy: Toy) -> AbstractContextManager[None]:
    subscription = Subscription(
        consumer="toy.ahead", topics=(PROFILES,), handle=toy.handle, prepare=toy.prepare, max_records=1
    )
    return consuming(ConsumerLoop(bus=bus, database=database, subscription=subscription, dead_letters=dead_letters))


def wait_for(database: Database, count: int) -> None:
    give_up = monotonic() + WITHIN_S
    while len(noted(database)) < count and monotonic() < give_up:
        sleep(0.01)


def noted(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(effects.c.text).order_by(effects.c.id)))


def test_the_next_batch_is_prepared_while_one_is_committed(
    bus: Bus, database: Database, dead_letters: DeadLetters, outbox: Outbox
) -> None:
    publish(bus, outbox, ["a", "b", "c"])
    toy = Toy()
    with running(bus, database, dead_letters, toy):
        wait_for(database, 3)
    assert toy.overlapped
    assert noted(database) == ["a", "b", "c"]


@pytest.mark.parametrize("failing", [{"f0"}, {"f1"}, {"f3", "f4"}, {"f9"}])
def test_a_commit_that_fails_takes_nothing_read_ahead_with_it(
    bus: Bus, database: Database, dead_letters: DeadLetters, outbox: Outbox, failing: set[str]
) -> None:
    names = [f"f{number}" for number in range(10)]
    publish(bus, outbox, names)
    toy = Toy(failing=set(failing))
    with running(bus, database, dead_letters, toy):
        wait_for(database, len(names))
    assert noted(database) == names
    assert len(toy.prepared) > len(names), "what was read ahead is read and prepared again"


def test_what_was_begun_is_committed_before_the_loop_ends(
    bus: Bus, database: Database, dead_letters: DeadLetters, outbox: Outbox
) -> None:
    publish(bus, outbox, [f"f{number}" for number in range(50)])
    toy = Toy()
    with running(bus, database, dead_letters, toy):
        wait_for(database, 4)
    stopped_at = noted(database)
    assert stopped_at == [f"f{number}" for number in range(len(stopped_at))]
    with running(bus, database, dead_letters, toy):
        wait_for(database, 50)
    assert noted(database) == [f"f{number}" for number in range(50)]
