"""A consumer's effect and its position commit together, whatever arrives."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import NewRecord, Record, RecordTooLarge
from shared.clock import utc_now
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfilesMergedV1
from shared.contracts.topics import PROFILES
from shared.inbox.consumer import ConsumerLoop
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.positions import Overtaken
from shared.inbox.replay import replay_requested
from shared.inbox.subscription import Subscription
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.plumbing import dead_letters as letters
from shared.sql.plumbing import inbox_positions
from shared.sql.plumbing import outbox as outbox_table

from .conftest import effects

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def fact(name: str) -> ProfilesMergedV1:
    return ProfilesMergedV1(profile_id=name, merged_profile_id="gone", merged_at=NOW)


def event(name: str, data: bytes | None = None) -> Event:

    body = msgspec.json.encode(fact(name)) if data is None else data
    return Event(id=name, source="rapport/toy", type=ProfilesMergedV1.event_type, time=NOW, data=body)


def record(*events: Event, offset: int, record_id: str | None = None) -> Record:
    new = to_record(events, topic=PROFILES, key="gone", record_id=record_id or f"record-{offset}")
    return at(new, offset)


def at(new: NewRecord, offset: int) -> Record:
    return Record(
        topic=new.topic,
        partition=0,
        offset=offset,
        value=new.value,
        key=new.key,
        headers=new.headers,
        appended_at=NOW,
    )


def note(session: Session, facts: Sequence[Contract]) -> None:
    """The toy's effect; a profile called `poison…` cannot be handled."""
    for each in facts:
        assert isinstance(each, ProfilesMergedV1)
        session.execute(insert(effects).values(text=each.profile_id))
        if each.profile_id.startswith("poison"):
            raise ValueError(f"cannot stand {each.profile_id}")


def loop_of(database: Database, dead_letters: DeadLetters) -> ConsumerLoop:
    subscription = Subscription(consumer="toy.profiles", topics=(PROFILES,), handle=note)
    return ConsumerLoop(bus=None, database=database, subscription=subscription, dead_letters=dead_letters)  # type: ignore[arg-type]


def noted(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(effects.c.text).order_by(effects.c.id)))


def test_effect_and_position_move_together(database: Database, dead_letters: DeadLetters) -> None:
    loop_of(database, dead_letters).apply([record(event("a"), event("b"), offset=4), record(event("c"), offset=5)])
    assert noted(database) == ["a", "b", "c"]
    with database.reading() as session:
        assert session.scalar(select(inbox_positions.c.next_offset)) == 6


def test_a_record_that_was_appended_five_times_has_one_effect(database: Database, dead_letters: DeadLetters) -> None:
    loop = loop_of(database, dead_letters)
    for offset in range(5):
        loop.apply([record(event("a"), offset=offset, record_id="the same")])
    assert noted(database) == ["a"]


def test_duplicates_inside_one_batch_have_one_effect(database: Database, dead_letters: DeadLetters) -> None:
    twice = [record(event("a"), offset=offset, record_id="the same") for offset in range(2)]
    loop_of(database, dead_letters).apply(twice)
    assert noted(database) == ["a"]


def test_a_member_that_was_overtaken_changes_nothing(database: Database, dead_letters: DeadLetters) -> None:
    slow, fast = loop_of(database, dead_letters), loop_of(database, dead_letters)
    fast.apply([record(event("a"), offset=0)])
    with pytest.raises(Overtaken):
        slow.apply([record(event("b"), offset=0, record_id="another")])
    assert noted(database) == ["a"]


def test_one_poison_fact_in_a_thousand_is_given_up_alone(database: Database, dead_letters: DeadLetters) -> None:
    names = [f"p{number}" for number in range(1000)]
    names[617] = "poison"
    loop_of(database, dead_letters).apply([record(*map(event, names), offset=0)])
    assert noted(database) == [name for name in names if name != "poison"]
    with database.reading() as session:
        dead = session.execute(select(letters)).one()
        told = session.execute(select(outbox_table)).one()
    assert (dead.consumer, dead.event_id, dead.state) == ("toy.profiles", "poison", "dead")
    assert dead.reason == "ValueError: cannot stand poison"
    assert told.topic == "profiles.dead-letter"
    headers = dict(told.headers)
    assert headers["rapport_service"] == "toy"
    assert headers["rapport_reason"] == dead.reason


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"profile_id":1}', b"\xff"])
def test_what_breaks_its_contract_becomes_a_dead_letter(
    database: Database, dead_letters: DeadLetters, data: bytes
) -> None:
    loop_of(database, dead_letters).apply([record(event("bad", data), offset=0), record(event("good"), offset=1)])
    assert noted(database) == ["good"]
    with database.reading() as session:
        assert session.scalar(select(letters.c.reason)).startswith("breaks its contract")


def test_a_record_that_is_no_cloud_event_becomes_a_dead_letter(database: Database, dead_letters: DeadLetters) -> None:
    foreign = at(NewRecord(topic="profiles", partition=0, value=b"\x00\xffgarbage"), 0)
    loop_of(database, dead_letters).apply([foreign, record(event("good"), offset=1)])
    assert noted(database) == ["good"]
    with database.reading() as session:
        assert session.scalar(select(letters.c.reason)).startswith("malformed record")


def test_unknown_types_are_passed_over(database: Database, dead_letters: DeadLetters) -> None:
    unknown = Event(id="1", source="s", type="rapport.profiles.from-the-future.v9", time=NOW, data=b"{}")
    loop_of(database, dead_letters).apply([record(unknown, event("a"), offset=0)])
    assert noted(database) == ["a"]


def test_a_dead_letter_is_replayed_when_asked(database: Database, dead_letters: DeadLetters) -> None:
    loop_of(database, dead_letters).apply([record(event("poison"), offset=0)])
    with database.transaction() as session:
        session.execute(letters.update().values(state="replay_requested"))

    def mended(session: Session, facts: Sequence[Contract]) -> None:
        session.execute(insert(effects).values(text=f"{len(facts)} mended"))

    assert replay_requested(database, "toy.profiles", note, clock=utc_now) == 0
    with database.transaction() as session:
        assert session.scalar(select(letters.c.attempts)) == 4
        session.execute(letters.update().values(state="replay_requested"))
    assert replay_requested(database, "toy.profiles", mended, clock=utc_now) == 1
    assert replay_requested(database, "toy.profiles", mended, clock=utc_now) == 0
    assert noted(database) == ["1 mended"]


def test_the_outbox_keeps_one_customers_facts_in_order(database: Database, outbox: Outbox) -> None:
    with database.transaction() as session:
        outbox.add(session, [fact(f"p{number}") for number in range(450)])
    with database.reading() as session:
        rows = session.execute(select(outbox_table).order_by(outbox_table.c.sequence)).all()
    loop = loop_of(database, DeadLetters("toy", outbox))
    read_back = [
        at(
            NewRecord(
                r.topic, r.partition, bytes(r.value), r.key, tuple((n, v.encode("latin-1")) for n, v in r.headers)
            ),
            i,
        )
        for i, r in enumerate(rows)
    ]
    loop.apply(read_back)
    assert noted(database) == [f"p{number}" for number in range(450)]


def test_a_fact_that_no_record_holds_is_refused_with_its_transaction(database: Database, outbox: Outbox) -> None:
    with pytest.raises(RecordTooLarge, match="for profiles; at most 1000000"), database.transaction() as session:
        outbox.add(session, [fact("p1"), fact("p" * 1_000_000)])
    with database.reading() as session:
        assert session.execute(select(outbox_table)).all() == []
