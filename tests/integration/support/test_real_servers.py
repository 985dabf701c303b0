"""The servers that tests stand on keep their data through kill -9."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.services


def test_each_postgres_url_is_an_empty_database(postgres_url: str, shared_postgres: PostgresServer) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE here (id int)"))
    engine.dispose()
    other = sa.create_engine(shared_postgres.new_database())
    assert sa.inspect(other).get_table_names() == []
    other.dispose()


def test_a_killed_postgres_starts_again_with_what_was_committed(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    engine = sa.create_engine(url, pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept (id int)"))
        connection.execute(sa.text("INSERT INTO kept VALUES (7)"))
    postgres_server.kill()
    with pytest.raises(sa.exc.OperationalError), engine.connect():
        pass
    postgres_server.start()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT id FROM kept")).scalar_one() == 7
    engine.dispose()
