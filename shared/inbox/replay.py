"""Giving dead letters another chance when an operator asks for it."""

from __future__ import annotations

from shared.clock import Clock
from shared.inbox.dead_letters import DeadLetter, mark_dead_again, mark_replayed, to_replay
from shared.inbox.deliveries import fact_of
from shared.inbox.isolation import Handle
from shared.sql.database import Database
from shared.sql.troubles import is_trouble


def replay_requested(database: Database, consumer: str, handle: Handle, *, clock: Clock) -> int:
    """Handle again what was asked for, each in a transaction of its own; the number that succeeded.

    Raises sqlalchemy.exc.DBAPIError when the database is in trouble, with what is left still asked for.
    """
    with database.reading() as session:
        letters = to_replay(session, consumer)
    return sum(_replay(database, letter, handle, clock) for letter in letters)


def _replay(database: Database, letter: DeadLetter, handle: Handle, clock: Clock) -> bool:
    try:
        with database.transaction() as session:
            mark_replayed(session, letter.id, at=clock())
            fact = fact_of(letter.event)
            if fact is None:
                raise ValueError(f"no contract of type {letter.event.type}")
            handle(session, [fact])
    except Exception as error:
        if is_trouble(error):
            raise
        with database.transaction() as session:
            mark_dead_again(session, letter, reason=f"{type(error).__name__}: {error}")
        return False
    return True
