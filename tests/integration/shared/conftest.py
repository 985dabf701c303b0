"""A service without business: its database holds the plumbing and one table of effects."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from shared.inbox.dead_letters import DeadLetters
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.plumbing import plumbing

toy = MetaData()
effects = Table("effects", toy, Column("id", Integer, primary_key=True), Column("text", String(50), nullable=False))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    for metadata in (plumbing, toy):
        metadata.create_all(opened.engine)
    yield opened
    opened.dispose()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox("rapport/toy")


@pytest.fixture
def dead_letters(outbox: Outbox) -> DeadLetters:
    return DeadLetters("toy", outbox)
