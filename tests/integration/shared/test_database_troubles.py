"""A database that takes no writes for now is told of as one that does not answer; a fault of ours is not."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.http.app import build_app
from shared.http.strict_json import StrictRoute
from shared.settings import ServiceSettings
from shared.sql.database import Database
from shared.sql.troubles import is_trouble

pytestmark = pytest.mark.services


@pytest.fixture
def standby(postgres_url: str) -> Iterator[TestClient]:
    """An application whose database takes no writes, as after a failover that left it with a standby."""
    router = APIRouter(route_class=StrictRoute)

    @router.post("/v1/writes")
    def write(request: Request) -> None:
        with request.app.state.database.transaction() as session:
            session.execute(text("CREATE TABLE things (id integer)"))

    @router.post("/v1/faults")
    def fault(request: Request) -> None:
        with request.app.state.database.transaction() as session:
            session.execute(text("SELECT no_such_column"))

    database = Database(postgres_url)
    with database.transaction() as session:
        session.execute(text(f'ALTER DATABASE "{database.engine.url.database}" SET default_transaction_read_only = on'))
    database.dispose()
    wiring = SimpleNamespace(database=database, settings=ServiceSettings())
    app = build_app(wiring, name="toy", description="A toy.", routers=[router], problems={})
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_a_database_that_only_reads_asks_clients_to_come_back(standby: TestClient) -> None:
    answer = standby.post("/v1/writes")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_statement_that_is_wrong_is_a_fault_of_ours(standby: TestClient) -> None:
    answer = standby.post("/v1/faults")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_a_database_that_cannot_be_reached_is_in_trouble(postgres_url: str) -> None:
    database = Database(postgres_url.replace("host=", "host=/nowhere"))
    with pytest.raises(OperationalError) as refused:
        database.check()
    assert is_trouble(refused.value)
