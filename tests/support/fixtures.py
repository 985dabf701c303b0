"""Fixtures for tests on real databases and servers; tests/conftest.py offers them to every test.

`database_url`, `postgres_url` and `kafka_url` are on servers that the whole run shares, so a test must not stop them;
one that kills takes `postgres_server` or `kafka_broker`, which belong to its module.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import postgres_database, sqlite_database
from tests.support.kafka import KafkaBroker
from tests.support.postgres import PostgresServer
from tests.support.real_servers import ServerMissingError, give_up, one_at_a_time, run_directory

_SHORT_LIVED = "-XX:TieredStopAtLevel=1"
"""Java's second compiler takes seconds of a core, and a broker of a test ends before that pays off."""
_NO_DISK = ("-c", "fsync=off")
"""No test stops the machine, and to drop a database would wait for the disk."""


@pytest.fixture(scope="session")
def shared_postgres() -> PostgresServer:
    """The run's PostgreSQL server, started by the first process that needs it."""
    server = PostgresServer(run_directory() / "pg", options=_NO_DISK)
    pid_file = run_directory() / "pg.pid"
    with one_at_a_time("pg"):
        if not pid_file.exists():
            try:
                server.start()
            except ServerMissingError as why:
                give_up(why)
            pid_file.write_text(str(server.pid))
    return server


@pytest.fixture
def migrations() -> str | None:
    """The package of the migrations that a test's database has behind it; a service's tests name theirs."""
    return None


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrations: str | None) -> str:
    """The SQLAlchemy URL of a fresh database of each kind."""
    if request.param == "sqlite":
        return sqlite_database(tmp_path / "test.db", migrations)
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_url(shared_postgres: PostgresServer, migrations: str | None) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh PostgreSQL database."""
    url = postgres_database(shared_postgres, migrations)
    yield url
    shared_postgres.drop_database(url)


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this module's own: `new_database()`, `kill()`, `start()`."""
    server = PostgresServer(run_directory() / f"pg-{uuid.uuid4().hex[:8]}")
    try:
        server.start()
    except ServerMissingError as why:
        give_up(why)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka_url() -> str:
    """The bus URL of the run's Kafka broker; name topics and groups uniquely."""
    url_file = run_directory() / "kafka.url"
    with one_at_a_time("kafka"):
        if not url_file.exists():
            broker = KafkaBroker(run_directory() / "kafka", java_options=_SHORT_LIVED)
            try:
                broker.start()
            except ServerMissingError as why:
                give_up(why)
            (run_directory() / "kafka.pid").write_text(str(broker.pid))
            url_file.write_text(broker.url)
    return url_file.read_text()


@pytest.fixture(scope="module")
def kafka_broker() -> Iterator[KafkaBroker]:
    """A Kafka broker of this module's own: `url`, `kill()`, `start()`."""
    broker = KafkaBroker(run_directory() / f"kafka-{uuid.uuid4().hex[:8]}", java_options=_SHORT_LIVED)
    try:
        broker.start()
    except ServerMissingError as why:
        give_up(why)
    yield broker
    broker.stop()
