"""A fact is given up for what is wrong with it, and never for what is wrong with the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from shared.bus.cloudevents import Event
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfilesMergedV1
from shared.inbox.dead_letters import DeadLetters
from shared.inbox.deliveries import Delivery
from shared.inbox.isolation import Handle, isolate
from shared.inbox.replay import replay_requested
from shared.sql.database import Database
from shared.sql.plumbing import dead_letters as letters

from .conftest import effects

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def delivery(name: str) -> Delivery:
    fact = ProfilesMergedV1(profile_id=name, merged_profile_id="gone", merged_at=NOW)
    event = Event(
        id=name, source="rapport/toy", type=ProfilesMergedV1.event_type, time=NOW, data=msgspec.json.encode(fact)
    )
    return Delivery(topic="profiles", event=event, fact=fact)


def given_up(session: Session, *names: str, handle: Handle) -> list[str]:
    """Who is given up while these are handled."""
    found: list[str] = []
    isolate(session, [delivery(name) for name in names], handle, lambda each, *_: found.append(each.event.id))
    return found


@contextmanager
def in_trouble(database: Database, session: Session) -> Iterator[None]:
    """No effect can be stored: the file may not grow on SQLite, an operator has locked the table on PostgreSQL."""
    if database.dialect == "sqlite":
        session.execute(text("PRAGMA max_page_count = 1"))
        yield
        return
    session.execute(text("SET LOCAL lock_timeout = '20ms'"))
    with database.transaction() as operator:
        operator.execute(text("LOCK TABLE effects IN ACCESS EXCLUSIVE MODE"))
        yield


def note(session: Session, facts: Sequence[Contract]) -> None:
    session.execute(insert(effects), [{"text": "x" * 50} for _ in range(400) for _ in facts])


def take_too_much(session: Session, facts: Sequence[Contract]) -> None:
    note(session, facts)
    if any(getattr(fact, "profile_id", "") == "poison" for fact in facts):
        session.execute(text("SELECT no_such_function()"))


def test_nobody_is_given_up_while_the_database_is_in_trouble(database: Database) -> None:
    with pytest.raises(OperationalError), database.transaction() as session, in_trouble(database, session):
        given_up(session, "a", "b", "c", handle=note)


def test_a_fact_whose_own_statement_fails_is_given_up(database: Database) -> None:
    with database.transaction() as session:
        assert given_up(session, "a", "poison", "b", handle=take_too_much) == ["poison"]


def test_a_dead_letter_is_asked_for_still_after_the_database_was_in_trouble(
    database: Database, dead_letters: DeadLetters
) -> None:
    with database.transaction() as session:
        dead_letters.add(session, delivery("late").event, consumer="toy", topic="profiles", reason="?", attempts=1)
        session.execute(update(letters).values(state="replay_requested"))

    def meet_trouble(session: Session, facts: Sequence[Contract]) -> None:
        with in_trouble(database, session):
            note(session, facts)

    with pytest.raises(OperationalError):
        replay_requested(database, "toy", meet_trouble, clock=lambda: NOW)
    with database.reading() as session:
        assert session.scalar(select(letters.c.state)) == "replay_requested"
